"""Publishes a SavedModel as the next version below a destination that TensorFlow Serving watches.

    <destination>/<version>/                               as detection/model_folder.py says, and checksums.json
    <destination>/.withdrawn-<version>/                    taken back by `versions.withdraw`
    <destination>/.publishing-<seconds since 1970>-.../    being written or removed

A version is staged beside the others under a name that no server loads, compared with its source, then renamed: it is
there whole or not at all. Object stores cannot rename; there saved_model.pb, without which nothing loads, comes last,
and a pusher claims a number before it copies to it. What a killed pusher left is removed by one that comes a day later.
"""

import dataclasses
import hashlib
import os
import time
from collections.abc import Mapping

from components.pusher import checksums, numbering, staging
from components.pusher.staging import Clock
from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError, DataError

COMPANIONS = (model_folder.LABEL_MAP, model_folder.PIPELINE_CONFIG)


@dataclasses.dataclass(frozen=True)
class Published:
  """A version: its number, its folder, and whether an earlier try had published it already."""

  version: int
  folder: str
  again: bool = False


def publish(
  model: str,
  destination: str,
  contents: Mapping[str, bytes] | None = None,
  copies: Mapping[str, str] | None = None,
  clock: Clock = time.time,
) -> Published:
  """Publishes a model; one that is the highest version already is not published again, so that a retry is safe.

  Args:
    model: the trainer's model folder: Format-Serving with the SavedModel, COMPANIONS beside it.
    destination: the folder of versions; made if absent.
    contents: {path below the version: content} to write there too.
    copies: {path below the version: file} to copy there too.
    clock: seconds since 1970. The version is its whole seconds, or one more than the highest version ever there, so
      that versions rise though clocks go wrong.

  Raises:
    DataError: if there is no SavedModel in `model`, or a companion is missing.
    ConfigError: if the destination cannot be written. Nothing is left there.
  """
  sources = {**_sources(model), **(copies or {})}
  try:
    staging.clear_abandoned(destination, clock)
    digests = {place: files.sha256(path) for place, path in sources.items()}
    return _published_before(destination, digests) or _publish(sources, digests, contents or {}, destination, clock)
  except staging.STORAGE_ERRORS as error:
    why = staging.first_line(error)
    raise ConfigError(
      f'push.destination: {destination} cannot be written: {why}. Expected a folder that this user may write to.'
    ) from error


def _publish(
  sources: Mapping[str, str],
  digests: Mapping[str, str],
  contents: Mapping[str, bytes],
  destination: str,
  clock: Clock,
) -> Published:
  """Stages everything, then moves it to the next version."""
  staged = staging.new_name(destination, clock)
  try:
    _stage(sources, digests, contents, staged)
    version = numbering.move_to_next_version(staged, destination, clock)
    return Published(version, files.join(destination, str(version)))
  finally:
    files.rmtree_if_there(staged)


def _sources(model: str) -> dict[str, str]:
  """{path below the version: file to copy there}"""
  serving = model_folder.serving(model)
  for path in [files.join(serving, model_folder.SAVED_MODEL), *(files.join(model, name) for name in COMPANIONS)]:
    if not files.exists(path):
      raise DataError(f'{path}: missing, so the model cannot be published. Train it again.')
  sources = {os.path.relpath(path, serving): path for path in staging.files_below(serving)}
  for name in COMPANIONS:
    for place in (name, f'{model_folder.ASSETS_EXTRA}/{name}'):
      sources[place] = files.join(model, name)
  return sources


def _published_before(destination: str, digests: Mapping[str, str]) -> Published | None:
  """The highest version, if it was made from files with these digests and is sound."""
  for version in model_folder.versions(destination)[-1:]:
    folder = files.join(destination, str(version))
    there = checksums.read(folder)
    if there is not None and digests.items() <= there.items() and not checksums.damaged(folder):
      return Published(version, folder, again=True)
  return None


def _stage(sources: Mapping[str, str], digests: Mapping[str, str], contents: Mapping[str, bytes], staged: str) -> None:
  """Copies everything, then reads it back: a full or failing disk must not become a version."""
  for place, path in sources.items():
    target = files.join(staged, place)
    files.makedirs(os.path.dirname(target))
    files.copy(path, target)
  for place, content in contents.items():
    files.write_bytes(files.join(staged, place), content)
  checksums.write(staged, {**digests, **{place: hashlib.sha256(data).hexdigest() for place, data in contents.items()}})
  wrong = checksums.damaged(staged)
  if wrong:
    raise OSError(f'{wrong[0]} was not copied whole')
