"""A frozen backbone as one function from crops to feature vectors, which a SavedModel can hold."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence

import tensorflow as tf

from detection.base.errors import ConfigError, DataError
from detection.odapi.weights import adapt, fit, targets
from detection.odapi.weights.layers import SavedNetwork

CROP_SIZE = 96


class Backbone(tf.Module):
  """embed: from crops, float32 [N, size, size, 3] in 0..255, to feature vectors, float32 [N, D].

  Attributes:
    size: of a crop's sides, in pixels; a variable, so that a loaded SavedModel has it too.
  """

  def __init__(self, forward: Callable[[tf.Tensor], tf.Tensor], variables: Sequence[tf.Variable], size: int) -> None:
    """Traces the function.

    Args:
      forward: from crops to feature vectors, in inference mode.
      variables: all that `forward` reads.
      size: of a crop's sides, in pixels.
    """
    super().__init__()
    # The variables alone, not the layers: saving would trace each layer once more.
    self._weights = list(variables)
    self.size = tf.Variable(size, trainable=False, name='crop_size')
    spec = tf.TensorSpec([None, size, size, 3], tf.float32, name='crops')
    self.embed = tf.function(forward, input_signature=[spec], autograph=False)
    self.embed.get_concrete_function()


def pooled(maps: Sequence[tf.Tensor]) -> tf.Tensor:
  """The mean of each feature map [N, height, width, C] over its places, concatenated: float32 [N, D]."""
  return tf.concat([tf.reduce_mean(tf.cast(feature_map, tf.float32), axis=[1, 2]) for feature_map in maps], axis=1)


def from_keras(name: str, weights: str, size: int = CROP_SIZE) -> Backbone:
  """A network of tf.keras.applications, without its classifier, with weights from a file.

  Args:
    name: such as 'MobileNetV2'.
    weights: a file that Keras wrote for the network without its top.
    size: of a crop's sides, in pixels, at least the network's smallest input.

  Raises:
    ConfigError: if there is no such network.
    DataError: if the file cannot be read, or is of another network.
  """
  module = _module_of(name)
  try:
    network = getattr(module, name)(include_top=False, weights=weights, input_shape=(size, size, 3))
  except (OSError, ValueError, KeyError) as error:
    raise DataError(
      f'{weights}: not the weights of {name} without its top: {str(error).splitlines()[0]}. '
      'Expected a file that Keras saved of it.'
    ) from error
  return Backbone(
    lambda crops: pooled([network(module.preprocess_input(crops), training=False)]), network.variables, size
  )


def from_weights(saved: SavedNetwork, size: int = CROP_SIZE) -> Backbone:
  """A classification network without its classifier, with the weights of a file that says which network it is.

  Args:
    saved: see weights.read.
    size: of a crop's sides, in pixels, at least the network's smallest input.

  Raises:
    ConfigError: if it is none of networks.NETWORKS, or its weights are of another shape.
  """
  row, multiplier = fit.recognize(saved)
  network = targets.keras_network(row.name, multiplier, size)
  match = fit.match(saved, row, targets.of(network))
  for variable, value in adapt.values(match, bgr=row.bgr).values:
    variable.assign(value)
  targets.finalize(network)
  module = _module_of(row.name)
  return Backbone(
    lambda crops: pooled([network(module.preprocess_input(crops), training=False)]), network.variables, size
  )


def _module_of(name: str) -> types.ModuleType:
  """The module of tf.keras.applications that has the network `name`."""
  modules = [part for part in vars(tf.keras.applications).values() if isinstance(part, types.ModuleType)]
  modules = [part for part in modules if hasattr(part, 'preprocess_input')]
  networks = {key: part for part in modules for key in vars(part) if key[0].isupper()}
  if name not in networks:
    raise ConfigError(f'"{name}": no network of tf.keras.applications. Expected one of {", ".join(sorted(networks))}.')
  return networks[name]
