"""HDF5 files that Keras writes, read by names and arrays alone.

Two layouts:
  by layers' names: a group a layer, whose attribute `weight_names` lists its weights, and the same below
    `model_weights` in the file of a whole model: `.h5` of Keras 2 and 3.
  by classes: `layers/conv2d_1/vars/0`, of `.weights.h5` and of the archive `.keras`. Keras 3 notes the layer's name at
    `vars`; Keras 2.12 to 2.15 does not.
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterator, Mapping
from typing import IO, Any

import h5py
import numpy as np

from detection.base.errors import ConfigError
from detection.odapi.weights import keras_config
from detection.odapi.weights.layers import Layer, SavedNetwork, by_order, from_names

_VARS = 'vars'
_CLASS_LAYOUT = ('layers', '_layer_checkpoint_dependencies')
_NOT_LAYERS = ('optimizer', 'optimizer_weights', 'metrics')


def read(path: str, source: str) -> SavedNetwork:
  """Reads a file of either layout.

  Args:
    path: of a local file.
    source: what the user named, for messages.

  Raises:
    ConfigError: if it is no whole HDF5 file, or holds no weights of a Keras model.
  """
  with _damage_refused(source), h5py.File(path, 'r') as file:
    text = file.attrs.get('model_config')
    return read_group(file, keras_config.parse(text, source) if text is not None else None, source)


def read_stream(file: IO[bytes], config: dict[str, Any] | None, source: str) -> SavedNetwork:
  """As `read`, of a file in memory, with the model's description, where there is one beside it."""
  with _damage_refused(source), h5py.File(file, 'r') as opened:
    return read_group(opened, config, source)


def read_group(file: h5py.File, config: dict[str, Any] | None, source: str) -> SavedNetwork:
  """The weights in an open file. Raises ConfigError if there are none of a Keras model."""
  root = file.get('model_weights', file)
  numbered = False
  if 'layer_names' in root.attrs or 'layer_names0' in root.attrs:
    layers = from_names(_named_weights(root))
  elif any(name in root for name in _CLASS_LAYOUT):
    layers, numbered = _class_layout(root, config)
  else:
    raise ConfigError(f'{source}: an HDF5 file, but no Keras model. Expected a file that model.save wrote.')
  if not layers:
    raise ConfigError(f'{source}: a Keras model without weights.')
  return SavedNetwork(
    source,
    layers,
    keras_config.epsilons(config) if config else {},
    keras_config.input_scale(config) if config else None,
    numbered=numbered,
  )


@contextlib.contextmanager
def _damage_refused(source: str) -> Iterator[None]:
  try:
    yield
  except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    raise ConfigError(f'{source}: not a whole HDF5 file of Keras: {reason}') from error


def _named_weights(root: h5py.Group) -> Iterator[tuple[str, str, np.ndarray]]:
  """(model around it, `layer/weight`, array): a group whose weights are of layers of other names is a nested model."""
  for group_name in _texts(root.attrs, 'layer_names'):
    group = root[group_name]
    for name in _texts(group.attrs, 'weight_names'):
      above = posixpath.dirname(name).split('/')
      nested = group_name not in above
      yield group_name if nested else '', name, _array(group[name])


def _texts(attributes: Mapping[str, Any], name: str) -> list[str]:
  """An attribute that lists names; Keras cuts long lists into `name0`, `name1` and so on."""
  parts = [attributes[name]] if name in attributes else []
  while f'{name}{len(parts)}' in attributes:
    parts.append(attributes[f'{name}{len(parts)}'])
  return [text.decode() if isinstance(text, bytes) else str(text) for part in parts for text in part]


def _array(item: Any) -> np.ndarray:
  if not isinstance(item, h5py.Dataset) or item.external or item.is_virtual:
    raise ValueError('a weight that is not in the file itself')
  return np.asarray(item[()])


def _class_layout(root: h5py.Group, config: dict[str, Any] | None) -> tuple[list[Layer], bool]:
  """The layers, and whether their names are numbers alone."""
  described = {path: (name, parent) for path, name, parent in keras_config.paths(config)} if config else {}
  groups: list[tuple[str, h5py.Group]] = []
  root.visititems(lambda path, item: groups.append((path, item)) if posixpath.basename(path) == _VARS else None)
  layers, unnamed = [], 0
  for path, group in groups:
    arrays = by_order([_array(group[key]) for key in sorted(group, key=_number)])
    place = posixpath.dirname(path)
    if not arrays or place.split('/')[0] in _NOT_LAYERS:
      continue
    name, parent = described.get(place.replace(_CLASS_LAYOUT[1], _CLASS_LAYOUT[0]), ('', ''))
    noted = group.attrs.get('name', b'')
    name = (noted.decode() if isinstance(noted, bytes) else str(noted)) or name
    unnamed += not name
    layers.append(
      Layer(name or posixpath.basename(place), parent or posixpath.dirname(posixpath.dirname(place)), arrays)
    )
  return layers, unnamed > 0


def _number(key: str) -> int:
  return int(key) if key.isdigit() else 0
