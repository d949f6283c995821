"""Shards in files that workers read, so that a pipeline's description does not grow with the number of images.

Engines send the whole description to their job server, and to workers, in one message.
"""

import pickle
import posixpath
from typing import Any

from detection.base import files


def save(folder: str, name: str, work: Any) -> str:
  """Writes what a worker needs to a file in `folder`; returns the file's path."""
  return save_at(posixpath.join(folder, f'{name}.work'), work)


def save_at(path: str, work: Any) -> str:
  """Writes it to the file at `path`; returns `path`."""
  files.write_bytes(path, pickle.dumps(work, pickle.HIGHEST_PROTOCOL))
  return path


def load(path: str) -> Any:
  """What was saved. For files of the same run alone: pickle runs what it reads."""
  return pickle.loads(files.read_bytes(path))
