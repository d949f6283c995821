"""The values that a search found, as a file: one JSON object, {dotted path or short form: value}."""

import json
from collections.abc import Mapping
from typing import Any

from detection.base import files
from detection.base.errors import ConfigError

FILE_NAME = 'hyperparameters.json'


def write(uri: str, values: Mapping[str, Any]) -> None:
  """Writes the file into the folder `uri`, a HyperParameters artifact."""
  files.write_text(files.join(uri, FILE_NAME), json.dumps(dict(values), indent=2, sort_keys=True) + '\n')


def read(path: str) -> dict[str, Any]:
  """Reads the file, or the one in a folder.

  Raises:
    ConfigError: if there is none, or it is not a JSON object in which every key stands once.
  """
  file = files.join(path, FILE_NAME) if files.isdir(path) else path
  if not files.exists(file):
    raise ConfigError(f'{path}: no {FILE_NAME} there. Expected what a search wrote, or a JSON object of your own.')
  try:
    values = json.loads(files.read_text(file), object_pairs_hook=_each_once)
  except (ValueError, RecursionError) as error:
    raise ConfigError(f'{file}: not JSON that can be used: {error}.') from error
  if not isinstance(values, dict):
    raise ConfigError(f'{file}: expected a JSON object {{path in pipeline.config: value}}, received {values!r:.60}.')
  return values


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
  """Of two equal keys, json keeps the last without a word."""
  found: dict[str, Any] = {}
  for key, value in pairs:
    if key in found:
      raise ValueError(f'the key "{key}" is there twice')
    found[key] = value
  return found
