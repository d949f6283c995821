"""`.keras` archives: the description of a model and its weights, in one zip file. Nothing in it is built or run."""

from __future__ import annotations

import io
import zipfile
import zlib

from detection.base.errors import ConfigError
from detection.odapi.weights import keras_config, keras_h5
from detection.odapi.weights.layers import SavedNetwork

_CONFIG = 'config.json'
_WEIGHTS = 'model.weights.h5'
# The largest network of tf.keras.applications has less than 2 GiB.
_MOST_BYTES = 4 << 30


def read(path: str, source: str) -> SavedNetwork:
  """Reads the weights.

  Args:
    path: of a local file.
    source: what the user named, for messages.

  Raises:
    ConfigError: if it is no whole archive of Keras.
  """
  try:
    with zipfile.ZipFile(path) as archive:
      config = keras_config.parse(_content(archive, _CONFIG, source), source)
      weights = io.BytesIO(_content(archive, _WEIGHTS, source))
  except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
    raise ConfigError(f'{source}: not a whole .keras archive: {error}') from error
  return keras_h5.read_stream(weights, config, source)


def _content(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
  if name not in archive.namelist():
    raise ConfigError(f'{source}: no {name} in it. Expected a .keras archive that Keras saved.')
  if archive.getinfo(name).file_size > _MOST_BYTES:
    raise ConfigError(f'{source}: {name} unpacks to more than {_MOST_BYTES >> 30} GiB. Expected a network of Keras.')
  return archive.read(name)
