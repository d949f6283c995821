"""Where a pusher works below a destination: names that no server loads, and how folders go there and back.

A version becomes visible, and goes, by a rename. Object stores cannot rename folders: there saved_model.pb, without
which no server loads a version, is copied last and removed first.
"""

import logging
import os
import uuid
from collections.abc import Callable

import tensorflow as tf

from detection import model_folder
from detection.base import files

Clock = Callable[[], float]  # seconds since 1970

PREFIX = '.publishing-'
WITHDRAWN = '.withdrawn-'
STORAGE_ERRORS = (OSError, tf.errors.OpError)
_ABANDONED = 24 * 3600  # seconds, far more than any push takes


def new_name(destination: str, clock: Clock, what: str = '') -> str:
  """A new path below `destination` that no server loads. It tells its age; `what` is part of it."""
  return files.join(destination, f'{PREFIX}{int(clock())}-{what}{uuid.uuid4().hex[:8]}')


def clear_abandoned(destination: str, clock: Clock) -> None:
  """Removes what pushers that were killed left there a day ago or more."""
  for name in files.listdir(destination) if files.isdir(destination) else []:
    begun = name.removeprefix(PREFIX).partition('-')[0]
    if name.startswith(PREFIX) and begun.isdecimal() and clock() - int(begun) > _ABANDONED:
      path = files.join(destination, name)
      try:
        files.rmtree(path) if files.isdir(path) else files.remove(path)
      except STORAGE_ERRORS as error:  # another pusher may be clearing too; this push does not hang on it
        logging.warning('%s: left by a pusher that was killed, cannot be removed: %s', path, first_line(error))


def take_away(version: str, target: str) -> None:
  """Moves a version's folder to `target`, so that no server loads it from that moment on."""
  if not files.is_remote(version):
    files.rename(version, target)
    return
  files.copy_tree(version, target)
  files.remove(files.join(version, model_folder.SAVED_MODEL))
  files.rmtree(version)


def copy_visible_last(staged: str, version: str) -> None:
  """Copies a staged folder to `version` file by file; no server loads it before the last one, saved_model.pb."""
  marker = files.join(staged, model_folder.SAVED_MODEL)
  for path in sorted(files_below(staged), key=lambda path: (path == marker, path)):
    files.copy(path, files.join(version, os.path.relpath(path, staged)))


def files_below(folder: str) -> list[str]:
  """The paths of all files in the folder and the folders in it."""
  return [files.join(inside, name) for inside, _, names in files.walk(folder) for name in names]


def first_line(error: Exception) -> str:
  """The first line of an error's message; its class if it has none."""
  return (str(error).splitlines() or [type(error).__name__])[0]
