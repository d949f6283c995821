"""What a file system says about files without reading them; asked in parallel, as each answer of a store takes long."""

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from detection.base import files

_BATCH, _REMOTE_BATCH = 256, 8  # files asked for by one thread before another one's turn comes
_THREADS, _REMOTE_THREADS = 8, 64


class Status(NamedTuple):
  """What is known of one file.

  Attributes:
    size: in bytes; 0 if the file cannot be asked: a dead link, or deleted meanwhile.
    mark: the time of its last change, in nanoseconds as far as the system keeps them; '' if the file cannot be asked.
    is_regular: False for a pipe or a device, which must not be opened: reading it would never end.
  """

  size: int = 0
  mark: str = ''
  is_regular: bool = True


def of(uri: str) -> Status:
  """The status of one file; asking never fails."""
  try:
    if files.is_remote(uri):
      found = files.gfile(uri).stat(uri)
      return Status(found.length, str(found.mtime_nsec))
    status = os.stat(uri)
  except files.errors(uri):
    return Status()
  return Status(status.st_size, str(status.st_mtime_ns), stat.S_ISREG(status.st_mode))


def of_all(root: str, paths: Iterable[str]) -> Iterator[tuple[str, Status]]:
  """(path, Status) of each of these paths below `root`, in their order."""
  paths, is_remote = list(paths), files.is_remote(root)
  size = _REMOTE_BATCH if is_remote else _BATCH
  batches = [paths[start : start + size] for start in range(0, len(paths), size)]

  def ask(batch: Sequence[str]) -> list[Status]:
    return [of(posixpath.join(root, path)) for path in batch]

  with ThreadPoolExecutor(_REMOTE_THREADS if is_remote else _THREADS) as pool:
    for batch, found in zip(batches, pool.map(ask, batches), strict=True):
      yield from zip(batch, found, strict=True)
