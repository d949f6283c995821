"""Values for a backbone from those of another implementation of the same network, so that features stay the same.

What may differ: the order of the input's channels, its scale and offset, a bias before a batch norm, the epsilon of
batch norms, and how many channels the last layer has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.networks import IMAGENET_MEAN, IMAGENET_STD
from detection.odapi.weights.fit import Match, is_cut
from detection.odapi.weights.layers import Layer
from detection.odapi.weights.targets import Target

_SLIM_RESNET_EPSILON = 1e-5
_NORMALIZATION = 'normalization'
_MEAN = np.asarray(IMAGENET_MEAN)
_STD = np.asarray(IMAGENET_STD)


@dataclasses.dataclass(frozen=True)
class Adapted:
  """values: (variable, its value) of every variable that the file gives; notes: what was changed, a sentence each."""

  values: Sequence[tuple[tf.Variable, np.ndarray]]
  notes: Sequence[str]


def values(match: Match, bgr: bool) -> Adapted:
  """The values for the backbone's variables.

  Args:
    match: of a file's layers with the backbone's.
    bgr: whether the backbone is given blue, green, red.

  Raises:
    ConfigError: if a weight has no place here, and the features would not be the network's without it.
  """
  notes: list[str] = []
  layers = _without_lost_biases(match, notes)
  pairs = [(target, layers[id(layer)]) for target, layer in match.pairs]
  saw_bgr = match.network.bgr and not match.saved.slim
  found = []
  for target, arrays in pairs:
    arrays = dict(arrays)
    if 'moving_variance' in target.variables:
      _refit_batch_norm(match, target, arrays)
    _add_defaults(target, arrays)
    _cut(match, target, arrays, notes)
    found.append((target, arrays))
  if saw_bgr != bgr and found:
    first = found[0][1]
    first['kernel'] = first['kernel'][:, :, ::-1, :]
    notes.append(f'{found[0][0].name}: its input channels reversed; the weights saw {"BGR" if saw_bgr else "RGB"}')
  _renormalize(match, found, notes)
  return Adapted([(v, arrays[role]) for t, arrays in found for role, v in t.variables.items() if role in arrays], notes)


def _without_lost_biases(match: Match, notes: list[str]) -> dict[int, dict[str, np.ndarray]]:
  """{id of a layer of the file: its arrays}, with biases that the backbone has no variable for moved into the moving
  mean of the batch norm that follows."""
  arrays = {id(layer): dict(layer.arrays) for layer in match.named.values()}
  moved = 0
  for target, layer in match.pairs:
    if 'bias' not in layer.arrays or 'bias' in target.variables:
      continue
    after = match.named.get(_batch_norm_after(layer, target.name))
    if after is None:
      raise ConfigError(f'{match.saved.source}: {target.name} has a bias in the file, and none here.')
    arrays[id(after)]['moving_mean'] = arrays[id(after)]['moving_mean'] - layer.arrays['bias']
    moved += 1
  if moved:
    notes.append(f'the biases of {moved} convolutions moved into the moving means of their batch norms')
  return arrays


def _batch_norm_after(layer: Layer, name: str) -> str:
  """ResNets name a convolution `..._conv` and the batch norm after it `..._bn`."""
  return f'{name.removesuffix("_conv")}_bn'


def _refit_batch_norm(match: Match, target: Target, arrays: dict[str, np.ndarray]) -> None:
  """Lets the batch norm give the same with the epsilon here."""
  there = match.saved.epsilons.get(target.name, match.network.epsilon)
  if match.saved.slim and match.network.bgr:
    there = _SLIM_RESNET_EPSILON
  variance = arrays['moving_variance'].astype(np.float64)
  if 'gamma' in target.variables:
    gamma = arrays.get('gamma', np.ones_like(variance))
    arrays['gamma'] = gamma * np.sqrt((variance + target.epsilon) / (variance + there))
  elif 'gamma' in arrays:
    raise ConfigError(
      f'{match.saved.source}: {target.name} has a gamma in the file, and none here. Set batch_norm.scale: true in the '
      "feature extractor's conv_hyperparams."
    )
  else:
    arrays['moving_variance'] = np.maximum(variance + there - target.epsilon, 0.0)


def _add_defaults(target: Target, arrays: dict[str, np.ndarray]) -> None:
  if 'bias' in target.variables and 'bias' not in arrays:
    arrays['bias'] = np.zeros(target.variables['bias'].shape)


def _cut(match: Match, target: Target, arrays: dict[str, np.ndarray], notes: list[str]) -> None:
  for role, variable in target.variables.items():
    if role not in arrays:
      continue
    here, there = variable.shape.as_list(), arrays[role].shape
    if is_cut(match.network, target.name, here, there):
      arrays[role] = arrays[role][..., : here[-1]]
      if role == 'kernel':
        notes.append(f'{target.name}: the first {here[-1]} of its {there[-1]} channels; no layer follows it')


def _renormalize(match: Match, found: Sequence[tuple[Target, dict[str, np.ndarray]]], notes: list[str]) -> None:
  """EfficientNet normalizes its input in a layer of its own. The OD API does it before the network, so that what
  differs goes into the first convolution and the batch norm after it."""
  saved = next((layer for name, layer in match.named.items() if name.startswith(_NORMALIZATION)), None)
  if saved is None or 'mean' not in saved.arrays:
    return
  mean, std = _normalization(saved.arrays, match.saved.input_scale)
  targets = {target.name: arrays for target, arrays in found}
  own = [arrays for target, arrays in found if 'variance' in target.variables]
  if own:
    shape = saved.arrays['mean'].shape
    own[0].update(mean=mean.reshape(shape), variance=(std**2).reshape(shape))
    return
  scale, offset = _STD / std, (_MEAN - mean) / std
  if np.allclose(scale, 1.0, atol=1e-6) and np.allclose(offset, 0.0, atol=1e-6):
    return
  kernel = targets['stem_conv']['kernel'].astype(np.float64)
  targets['stem_conv']['kernel'] = kernel * scale[:, np.newaxis]
  shift = (kernel * offset[:, np.newaxis]).sum(axis=(0, 1, 2))
  targets['stem_bn']['moving_mean'] = targets['stem_bn']['moving_mean'] - shift
  notes.append("stem_conv: adapted to the detector's normalization of pixels; exact but for the outermost pixels")


def _normalization(
  arrays: Mapping[str, np.ndarray], input_scale: Sequence[float] | None
) -> tuple[np.ndarray, np.ndarray]:
  """(mean, standard deviation) of pixels in 0..1 that a network takes off and divides by.

  Keras's published weights keep standard deviations in place of variances, and divide by their roots twice; see
  keras.applications.efficientnet.
  """
  mean = arrays['mean'].astype(np.float64).ravel()
  root = np.sqrt(arrays['variance'].astype(np.float64).ravel())
  if input_scale is None:
    twice = root.size == _STD.size and np.allclose(root**2, _STD, atol=1e-3)
    return mean, root**2 if twice else root
  return mean, root / np.asarray(input_scale)
