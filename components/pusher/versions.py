"""The versions below a push destination: removing old ones, and taking back the highest."""

import time

from components.pusher import staging
from components.pusher.staging import Clock
from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError


def prune(destination: str, keep: int, clock: Clock = time.time) -> list[int]:
  """Removes all but the `keep` highest versions, of which there is at least one; returns those removed.

  Raises:
    ConfigError: if one cannot be removed.
  """
  if keep < 1:
    raise ValueError(f'keep: expected 1 or more, received {keep}')
  try:
    return [version for version in _servable(destination)[:-keep] if _remove(destination, version, clock)]
  except staging.STORAGE_ERRORS as error:
    why = staging.first_line(error)
    raise ConfigError(f'push.keep_versions: old versions of {destination} stay: {why}.') from error


def withdraw(destination: str) -> tuple[int, int]:
  """Takes back the highest version, so that a server goes back to the one before.

  It is kept under a name that no server loads, and its number is never given again.

  Returns:
    (the version taken back, the one that is highest now).

  Raises:
    ConfigError: if there are fewer than two versions, or the destination cannot be written.
  """
  found = _servable(destination)
  if len(found) < 2:
    raise ConfigError(
      f'{destination}: {len(found)} version(s) there. Expected two or more, to go back from one to another.'
    )
  try:
    kept_as = files.join(destination, f'{staging.WITHDRAWN}{found[-1]}')
    staging.take_away(files.join(destination, str(found[-1])), kept_as)
  except staging.STORAGE_ERRORS as error:
    raise ConfigError(f'{destination}: cannot be written: {staging.first_line(error)}.') from error
  return found[-1], found[-2]


def _servable(destination: str) -> list[int]:
  """The versions that a server loads, ascending: on an object store others may be only partly copied."""
  found = model_folder.versions(destination)
  return [version for version in found if model_folder.has_saved_model(files.join(destination, str(version)))]


def _remove(destination: str, version: int, clock: Clock) -> bool:
  """Removes a version; False if another pusher did."""
  folder, gone = files.join(destination, str(version)), staging.new_name(destination, clock)
  try:
    staging.take_away(folder, gone)  # a server must not load what is half removed
  except staging.STORAGE_ERRORS:
    if files.exists(folder):
      raise
    return False
  files.rmtree(gone)
  return True
