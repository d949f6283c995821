"""Reads weights of any kind from where the user says they are, local or remote."""

from __future__ import annotations

import os
import tempfile

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError
from detection.odapi.networks import IMAGENET
from detection.odapi.weights.layers import SavedNetwork

SUFFIXES = ('.h5', '.hdf5', '.keras')
_HDF5, _ZIP = b'\x89HDF\r\n\x1a\n', b'PK\x03\x04'
# A key of every TF 2 checkpoint, in its index as it is: the table is not compressed.
_OBJECT_GRAPH = b'_CHECKPOINTABLE_OBJECT_GRAPH'
_KERAS_METADATA = 'keras_metadata.pb'
# The last bytes of a table, which a TF 1 checkpoint in one file is: kTableMagicNumber of tensorflow/core/lib/io.
_TABLE_END = bytes.fromhex('57fb808b247547db')


def named_as_keras(path: str) -> bool:
  """Whether this is called like weights of Keras; the path is not looked at."""
  return path == IMAGENET or path.endswith(SUFFIXES)


def is_network(path: str) -> bool:
  """Whether this is a classification network's weights: of Keras, or a TF 1 checkpoint; not one of TF 2."""
  if is_keras(path) or is_single_file_checkpoint(path):
    return True
  index = f'{path}.index'
  return files.exists(index) and _OBJECT_GRAPH not in files.read_bytes(index)


def is_keras(path: str) -> bool:
  """Whether this is weights of Keras: by a file's suffix or its first bytes, or a SavedModel's folder."""
  if named_as_keras(path):
    return True
  if not files.exists(path):
    return False
  if files.isdir(path):
    return files.exists(files.join(path, _KERAS_METADATA))
  start = _start(path)
  return start == _HDF5 or start.startswith(_ZIP)


def is_single_file_checkpoint(path: str) -> bool:
  """Whether this is a TF 1 checkpoint of the older format, which is one file."""
  if not files.exists(path) or files.isdir(path) or path.endswith(('.index', '.meta')) or '.data-' in path:
    return False
  with files.open(path) as file:
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(max(0, size - len(_TABLE_END)))
    return file.read() == _TABLE_END


def read(path: str) -> SavedNetwork | None:
  """The weights at `path`; None if it is a TF 2 checkpoint of object graphs, which restore.py reads.

  Args:
    path: a file of Keras (.h5, .weights.h5, .keras), the folder of a Keras SavedModel, or a checkpoint's prefix.

  Raises:
    ConfigError: in one line, if it cannot be read or is not of a network.
  """
  if files.exists(path) and files.isdir(path):
    from detection.odapi.weights import keras_saved_model

    return keras_saved_model.read(path, path)
  if not is_keras(path):
    from detection.odapi.weights import tf1_checkpoint

    return tf1_checkpoint.read(path, path)
  if not files.exists(path):
    raise ConfigError(f'model.checkpoint: {path}: no such file.')
  if not files.is_remote(path):
    return _read_file(path, path)
  with tempfile.TemporaryDirectory() as folder:
    local = os.path.join(folder, os.path.basename(path))
    files.copy(path, local)
    return _read_file(local, path)


def fingerprint(path: str) -> str:
  """Changes with the content of a file or SavedModel; empty for published weights, which do not change.

  Raises:
    ConfigError: if there is no such file.
  """
  if path == IMAGENET:
    return ''
  if not files.exists(path):
    raise ConfigError(f'model.checkpoint: {path}: no such file.')
  return files.sha256(files.join(path, model_folder.VARIABLES_INDEX) if files.isdir(path) else path)[:16]


def _read_file(local: str, source: str) -> SavedNetwork:
  from detection.odapi.weights import keras_archive, keras_h5

  start = _start(local)
  if start.startswith(_ZIP):
    return keras_archive.read(local, source)
  if start == _HDF5:
    return keras_h5.read(local, source)
  raise ConfigError(f'{source}: neither an HDF5 file nor a .keras archive. Expected weights that Keras saved.')


def _start(path: str) -> bytes:
  with files.open(path) as file:
    return file.read(len(_HDF5))
