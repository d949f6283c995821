"""Checkpoints of TF 1: TF-Slim's classifiers and the backbones of the TF 1 detection zoo, by a table of names.

The names become those of the Keras network of the same architecture, so that all else treats both alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from detection.base import local_copies
from detection.base.errors import ConfigError
from detection.odapi.weights.layers import ROLES, Layer, SavedNetwork

_SCOPE = re.compile(r'^(?:.*/)?((MobilenetV1|MobilenetV2|resnet_v1_(?:50|101|152)|InceptionResnetV2)/.+)$')
# Optimizers' slots and averages.
_NOT_WEIGHTS = re.compile(r'/(ExponentialMovingAverage|Momentum|RMSProp(_1)?|Adam(_1)?)$')
_BATCH_NORM = 'BatchNorm'
_NETWORKS = 'MobileNet v1 and v2, ResNet v1 50, 101 and 152, Inception-ResNet v2'

_RULES: tuple[tuple[str, str, str], ...] = (  # scope of a layer: name of the convolution, of its batch norm
  (r'MobilenetV1/Conv2d_0', 'conv1', 'conv1_bn'),
  (r'MobilenetV1/Conv2d_(\d+)_depthwise', r'conv_dw_\1', r'conv_dw_\1_bn'),
  (r'MobilenetV1/Conv2d_(\d+)_pointwise', r'conv_pw_\1', r'conv_pw_\1_bn'),
  (r'MobilenetV2/Conv', 'Conv1', 'bn_Conv1'),
  (r'MobilenetV2/Conv_1', 'Conv_1', 'Conv_1_bn'),
  (r'MobilenetV2/expanded_conv/(depthwise|project)', r'expanded_conv_\1', r'expanded_conv_\1_BN'),
  (r'MobilenetV2/expanded_conv_(\d+)/(expand|depthwise|project)', r'block_\1_\2', r'block_\1_\2_BN'),
  (r'resnet_v1_\d+/conv1', 'conv1_conv', 'conv1_bn'),
)
_RESNET = re.compile(r'resnet_v1_\d+/block(\d)/unit_(\d+)/bottleneck_v1/(?:conv(\d)|(shortcut))$')
_INCEPTION_BLOCK = re.compile(r'InceptionResnetV2/(?:(Repeat(?:_\d)?)/)?([^/]+)')
# The places of Inception-ResNet v2 in the order in which Keras numbers its layers.
_INCEPTION_STEM = ('Conv2d_1a_3x3', 'Conv2d_2a_3x3', 'Conv2d_2b_3x3', 'Conv2d_3b_1x1', 'Conv2d_4a_3x3')
_INCEPTION_ORDER = (*_INCEPTION_STEM, 'Mixed_5b', 'Repeat', 'Mixed_6a', 'Repeat_1', 'Mixed_7a', 'Repeat_2', 'Block8')


def read(prefix: str, source: str) -> SavedNetwork | None:
  """The network in a checkpoint of TF 1; None if it is one of TF 2.

  Args:
    prefix: of its files, or the one file of the older format.
    source: what the user named, for messages.

  Raises:
    ConfigError: if it cannot be read, or is of a network that the table does not know.
  """
  try:
    reader = tf.train.load_checkpoint(local_copies.readable(prefix))
    names = reader.get_variable_to_shape_map()
    if '_CHECKPOINTABLE_OBJECT_GRAPH' in names:
      return None
    arrays = {
      match[1]: reader.get_tensor(name)
      for name in sorted(names)
      if (match := _SCOPE.search(name)) and not _NOT_WEIGHTS.search(name)
    }
  except (tf.errors.OpError, ValueError, RuntimeError) as error:
    raise ConfigError(f'{source}: not a checkpoint TensorFlow can read: {str(error).splitlines()[0]}') from error
  if not arrays:
    some = ', '.join(sorted({name.split('/')[0] for name in names})[:4])
    raise ConfigError(f'{source}: a TF1 checkpoint of an unknown network ({some}). Expected one of {_NETWORKS}.')
  others = [name for name in sorted(names) if not _SCOPE.search(name) and not _NOT_WEIGHTS.search(name)]
  layers = [Layer(name, '', values) for name, values in _layers(arrays)]
  return SavedNetwork(source, layers, slim=True, others=others)


def _layers(arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
  """(name that Keras gives the layer, arrays by role); a layer that has no such name keeps slim's."""
  scopes: dict[tuple[str, bool], dict[str, np.ndarray]] = {}
  for name, array in arrays.items():
    scope, _, weight = name.rpartition('/')
    normalized = scope.endswith(f'/{_BATCH_NORM}')
    role = ROLES.get(weight)
    if role:
      scopes.setdefault((scope.removesuffix(f'/{_BATCH_NORM}'), normalized), {})[role] = array
  numbers = _inception_numbers({scope for scope, normalized in scopes if normalized})
  for (scope, normalized), values in scopes.items():
    yield _keras_name(scope, normalized, numbers), values


def _keras_name(scope: str, batch_norm: bool, numbers: dict[str, int]) -> str:
  for pattern, convolution, normalization in _RULES:
    match = re.fullmatch(pattern, scope)
    if match:
      return match.expand(normalization if batch_norm else convolution)
  match = _RESNET.match(scope)
  if match:
    block, unit, number = int(match[1]) + 1, match[2], match[3] or '0'
    return f'conv{block}_block{unit}_{number}_{"bn" if batch_norm else "conv"}'
  if scope in numbers:
    return f'{"batch_normalization" if batch_norm else "conv2d"}_{numbers[scope]}'
  return _inception_name(scope, batch_norm)


def _inception_name(scope: str, batch_norm: bool) -> str:
  """The few layers of Inception-ResNet that Keras names; else the scope as it is."""
  if scope == 'InceptionResnetV2/Conv2d_7b_1x1':
    return 'conv_7b_bn' if batch_norm else 'conv_7b'
  if scope == 'InceptionResnetV2/Block8/Conv2d_1x1':
    return 'block8_10_conv'
  match = re.fullmatch(r'InceptionResnetV2/Repeat(?:_\d)?/(block\d+_\d+)/Conv2d_1x1', scope)
  return f'{match[1]}_conv' if match else scope


def _inception_numbers(scopes: set[str]) -> dict[str, int]:
  """{scope: number of the layer} of those that Keras only numbers, in its order."""
  found = []
  for scope in scopes:
    match = _INCEPTION_BLOCK.match(scope)
    if not match:
      continue
    place = match[1] or match[2]
    if place in _INCEPTION_ORDER:
      block = int(match[2].rpartition('_')[2]) if match[1] else 0
      found.append((_INCEPTION_ORDER.index(place), block, scope))
  return {scope: number for number, (_, _, scope) in enumerate(sorted(found))}
