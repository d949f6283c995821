"""Publishes a SavedModel as the next version below a destination that TensorFlow Serving watches.

    <destination>/<version>/saved_model.pb, variables/, ...
    <destination>/<version>/label_map.pbtxt, pipeline.config, metrics.json   for people and for `predict`
    <destination>/<version>/checksums.json                                   SHA-256 of every other file
    <destination>/<version>/assets.extra/label_map.pbtxt, pipeline.config    go along when the SavedModel is moved
    <destination>/<version>/assets.extra/tf_serving_warmup_requests          run by the server before it answers
    <destination>/<version>/exports/<kind>.tflite, model.onnx                for other runtimes, if asked for
    <destination>/.withdrawn-<version>/                                      taken back by `withdraw`
    <destination>/.publishing-<seconds since 1970>-.../                      being written or removed

A version is staged beside the others under a name that no server loads, compared with its source, then renamed: it is
there whole or not at all. Object stores cannot rename; there saved_model.pb, without which nothing loads, comes last,
and a pusher claims a number before it copies to it. What a killed pusher left is removed by one that comes a day later.
"""

import dataclasses
import hashlib
import json
import logging
import os
import random
import time
import uuid
from collections.abc import Callable, Mapping

import tensorflow as tf

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError, DataError

COMPANIONS = (model_folder.LABEL_MAP, model_folder.PIPELINE_CONFIG)
CHECKSUMS = 'checksums.json'
_STAGING = '.publishing-'
_WITHDRAWN = '.withdrawn-'
_ATTEMPTS = 100
_ABANDONED = 24 * 3600  # seconds, far more than any push takes
_STORAGE_ERRORS = (OSError, tf.errors.OpError)


@dataclasses.dataclass(frozen=True)
class Published:
  """A version: its number, its folder, and whether it stood there before, from an earlier try."""

  version: int
  folder: str
  again: bool = False


def publish(
  model: str,
  destination: str,
  extra: Mapping[str, bytes] | None = None,
  clock: Callable[[], float] = time.time,
  beside: Mapping[str, str] | None = None,
) -> Published:
  """Publishes a model; one that is the highest version already is not published again, so that a retry is safe.

  Args:
    model: the trainer's model folder: Format-Serving with the SavedModel, COMPANIONS beside it.
    destination: the folder of versions; made if absent.
    extra: {path below the version: content} to lay beside them.
    clock: seconds since 1970. The version is its whole seconds, or one more than the highest version ever there, so
      that versions rise though clocks go wrong.
    beside: {path below the version: file} to copy there too.

  Raises:
    DataError: if there is no SavedModel in `model`, or a companion is missing.
    ConfigError: if the destination cannot be written. Nothing is left there.
  """
  sources = {**_sources(model), **(beside or {})}
  staged = _staging(destination, clock)
  try:
    _clear_abandoned(destination, clock)
    checksums = {place: files.sha256(path) for place, path in sources.items()}
    standing = _standing(destination, checksums)
    if standing:
      return standing
    try:
      _stage(sources, checksums, extra or {}, staged)
      return _to_next_version(staged, destination, clock)
    finally:
      if files.exists(staged):
        files.rmtree(staged)
  except _STORAGE_ERRORS as error:
    why = _first_line(error)
    raise ConfigError(
      f'push.destination: {destination} cannot be written: {why}. Expected a folder that this user may write to.'
    ) from error


def damaged(version: str) -> list[str]:
  """Files of a version folder that are gone or no longer what was published; empty if it is sound."""
  expected = json.loads(files.read_text(files.join(version, CHECKSUMS)))
  return [
    name
    for name, digest in expected.items()
    if not files.exists(files.join(version, name)) or files.sha256(files.join(version, name)) != digest
  ]


def prune(destination: str, keep: int, clock: Callable[[], float] = time.time) -> list[int]:
  """Removes all but the `keep` highest versions, of which there is at least one; returns those removed.

  Raises:
    ConfigError: if one cannot be removed.
  """
  if keep < 1:
    raise ValueError(f'keep: expected 1 or more, received {keep}')
  removed = []
  try:
    for version in _whole_versions(destination)[:-keep]:
      # Renamed first: a server must not load what is half gone.
      gone = _staging(destination, clock)
      try:
        _move(files.join(destination, str(version)), gone)
      except _STORAGE_ERRORS:
        if files.exists(files.join(destination, str(version))):
          raise
        continue  # another pusher removed it
      files.rmtree(gone)
      removed.append(version)
  except _STORAGE_ERRORS as error:
    raise ConfigError(f'push.keep_versions: old versions of {destination} stay: {_first_line(error)}.') from error
  return removed


def withdraw(destination: str) -> tuple[int, int]:
  """Takes back the highest version, so that a server goes back to the one before.

  It is kept under a name that no server loads, and its number is never given again.

  Returns:
    (the version taken back, the one that is highest now).

  Raises:
    ConfigError: if there are fewer than two versions, or the destination cannot be written.
  """
  found = _whole_versions(destination)
  if len(found) < 2:
    raise ConfigError(
      f'{destination}: {len(found)} version(s) there. Expected two or more, to go back from one to another.'
    )
  try:
    _move(files.join(destination, str(found[-1])), files.join(destination, f'{_WITHDRAWN}{found[-1]}'))
  except _STORAGE_ERRORS as error:
    raise ConfigError(f'{destination}: cannot be written: {_first_line(error)}.') from error
  return found[-1], found[-2]


def _sources(model: str) -> dict[str, str]:
  """{path below the version: file to copy there}"""
  serving = model_folder.serving(model)
  for path in [files.join(serving, model_folder.SAVED_MODEL), *(files.join(model, name) for name in COMPANIONS)]:
    if not files.exists(path):
      raise DataError(f'{path}: missing, so the model cannot be published. Train it again.')
  sources = {os.path.relpath(path, serving): path for path in _walk(serving)}
  for name in COMPANIONS:
    for place in (name, f'{model_folder.ASSETS_EXTRA}/{name}'):
      sources[place] = files.join(model, name)
  return sources


def _standing(destination: str, checksums: Mapping[str, str]) -> Published | None:
  """The highest version if it was made from the same files and is sound."""
  for version in model_folder.versions(destination)[-1:]:
    folder = files.join(destination, str(version))
    if files.exists(files.join(folder, CHECKSUMS)):
      there = json.loads(files.read_text(files.join(folder, CHECKSUMS)))
      if checksums.items() <= there.items() and not damaged(folder):
        return Published(version, folder, again=True)
  return None


def _stage(sources: Mapping[str, str], checksums: Mapping[str, str], extra: Mapping[str, bytes], staged: str) -> None:
  """Copies everything, then reads it back: a full or failing disk must not become a version."""
  for place, path in sources.items():
    target = files.join(staged, place)
    files.makedirs(os.path.dirname(target))
    files.copy(path, target)
  for name, content in extra.items():
    files.write_bytes(files.join(staged, name), content)
  expected = {**checksums, **{name: hashlib.sha256(content).hexdigest() for name, content in extra.items()}}
  files.write_text(files.join(staged, CHECKSUMS), json.dumps(expected, indent=2, sort_keys=True) + '\n')
  wrong = damaged(staged)
  if wrong:
    raise OSError(f'{wrong[0]} was not copied whole')


def _to_next_version(staged: str, destination: str, clock: Callable[[], float]) -> Published:
  """Moves to a number that is free. Another pusher may take it in between; then the next one is tried."""
  for _ in range(_ATTEMPTS):
    taken = model_folder.versions(destination) + model_folder.versions(destination, _WITHDRAWN)
    version = max([int(clock()), 1, *(number + 1 for number in taken)])
    target = files.join(destination, str(version))
    if _is_object_store(destination):
      if _copy_if_free(staged, destination, version, clock):
        return Published(version, target)
      time.sleep(random.uniform(0, 1))  # pushers that met at one number part ways
      continue
    try:
      files.rename(staged, target)
      return Published(version, target)
    except _STORAGE_ERRORS:
      if not files.exists(target):
        raise
  raise OSError(f'no free version in {_ATTEMPTS} attempts')


def _move(source: str, target: str) -> None:
  """Renames a version away; on an object store its marker goes first, so that no server loads what is left."""
  if not _is_object_store(source):
    files.rename(source, target)
    return
  files.copy_tree(source, target)
  files.remove(files.join(source, model_folder.SAVED_MODEL))
  files.rmtree(source)


def _is_object_store(uri: str) -> bool:
  return '://' in uri


def _copy_if_free(staged: str, destination: str, version: int, clock: Callable[[], float]) -> bool:
  """Copies to a number that nobody has or claims. Of pushers that claim one together, none gets it."""
  target = files.join(destination, str(version))
  mark = f'claim-{version}-'
  claim = _staging(destination, clock, mark)
  files.write_text(claim, 'claimed')  # not empty: S3 renames no empty file
  try:
    claims = [name for name in files.listdir(destination) if name.startswith(_STAGING) and f'-{mark}' in name]
    if len(claims) > 1 or files.exists(target):
      return False
    _copy_marker_last(staged, target)
    return True
  finally:
    files.remove(claim)


def _staging(destination: str, clock: Callable[[], float], what: str = '') -> str:
  """A new name that no server loads, and that tells its age."""
  return files.join(destination, f'{_STAGING}{int(clock())}-{what}{uuid.uuid4().hex[:8]}')


def _clear_abandoned(destination: str, clock: Callable[[], float]) -> None:
  """Removes what pushers that were killed left there a day ago or more."""
  names = [name.strip('/') for name in files.listdir(destination)] if files.isdir(destination) else []
  for name in names:
    begun = name.removeprefix(_STAGING).partition('-')[0]
    if name.startswith(_STAGING) and begun.isdecimal() and clock() - int(begun) > _ABANDONED:
      path = files.join(destination, name)
      try:
        files.rmtree(path) if files.isdir(path) else files.remove(path)
      except _STORAGE_ERRORS as error:  # another pusher may be clearing too; this push does not hang on it
        logging.warning('%s: left by a pusher that was killed, cannot be removed: %s', path, _first_line(error))


def _whole_versions(destination: str) -> list[int]:
  """Those that a server loads: on an object store others may be on their way."""
  found = model_folder.versions(destination)
  return [version for version in found if model_folder.has_saved_model(files.join(destination, str(version)))]


def _first_line(error: Exception) -> str:
  return (str(error).splitlines() or [type(error).__name__])[0]


def _copy_marker_last(staged: str, target: str) -> None:
  paths = sorted(_walk(staged), key=lambda path: (path == files.join(staged, model_folder.SAVED_MODEL), path))
  for path in paths:
    files.copy(path, files.join(target, os.path.relpath(path, staged)))


def _walk(folder: str) -> list[str]:
  return [files.join(inside, name) for inside, _, names in files.walk(folder) for name in names]
