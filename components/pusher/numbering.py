"""Gives a staged folder the next version number, though other pushers may want the same one."""

import random
import time

from components.pusher import staging
from components.pusher.staging import Clock
from detection import model_folder
from detection.base import files

_ATTEMPTS = 100


def move_to_next_version(staged: str, destination: str, clock: Clock) -> int:
  """Moves `staged` to a version that is free and returns it.

  The version is the whole seconds of `clock`, or one more than the highest version ever there, withdrawn ones included.
  If another pusher takes it at the same moment, the next one is tried.

  Raises:
    OSError, tf.errors.OpError: if the destination cannot be written, or no free version is found.
  """
  for _ in range(_ATTEMPTS):
    version = _next_version(destination, clock)
    if files.is_remote(destination):
      if _copied_if_free(staged, destination, version, clock):
        return version
      time.sleep(random.uniform(0, 1))  # pushers that met at one number part ways
    elif _renamed_if_free(staged, files.join(destination, str(version))):
      return version
  raise OSError(f'no free version in {_ATTEMPTS} attempts')


def _next_version(destination: str, clock: Clock) -> int:
  taken = model_folder.versions(destination) + model_folder.versions(destination, staging.WITHDRAWN)
  return max([int(clock()), 1, *(number + 1 for number in taken)])


def _renamed_if_free(staged: str, target: str) -> bool:
  try:
    files.rename(staged, target)
  except staging.STORAGE_ERRORS:
    if not files.exists(target):
      raise
    return False
  return True


def _copied_if_free(staged: str, destination: str, version: int, clock: Clock) -> bool:
  """Copies to a number that nobody has or claims. Of pushers that claim one together, none gets it."""
  target = files.join(destination, str(version))
  mark = f'claim-{version}-'
  claim = staging.new_name(destination, clock, mark)
  files.write_text(claim, 'claimed')  # not empty: S3 renames no empty file
  try:
    names = files.listdir(destination)
    claims = [name for name in names if name.startswith(staging.PREFIX) and f'-{mark}' in name]
    if len(claims) > 1 or files.exists(target):
      return False
    staging.copy_visible_last(staged, target)
    return True
  finally:
    files.remove(claim)
