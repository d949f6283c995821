"""The layers of a backbone that weights are read into."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import tensorflow as tf

from detection.odapi import networks
from detection.odapi.weights.layers import ROLES


@dataclasses.dataclass(frozen=True)
class Target:
  """One layer of a backbone.

  name: as tf.keras.applications names it.
  variables: {role: variable}; see layers.ROLES.
  epsilon: of a batch norm, else 0.
  """

  name: str
  variables: Mapping[str, tf.Variable]
  epsilon: float


def of(backbone: tf.keras.Model) -> list[Target]:
  """The layers with weights, in the network's order; the classifier of the OD API's EfficientNet is not one of them."""
  layers = [layer for layer in _layers(backbone) if not isinstance(layer, tf.keras.layers.Dense)]
  numbers = networks.by_place(layer.name for layer in layers)
  return [
    Target(
      numbers.get(layer.name) or networks.keras_name(layer.name),
      {role: v for v in layer.weights if (role := ROLES.get(v.name.split(':')[0].rpartition('/')[2]))},
      float(getattr(layer, 'epsilon', 0.0)),
    )
    for layer in layers
  ]


def finalize(network: tf.keras.Model) -> None:
  """Lets layers that computed something from their variables when they were built, compute it anew."""
  for layer in _layers(network):
    if isinstance(layer, tf.keras.layers.Normalization):
      layer.finalize_state()


def keras_names(network: str) -> list[tuple[str, str]]:
  """[(class, name)] of the layers with weights of a network of tf.keras.applications, in its order."""
  return [(type(layer).__name__, layer.name) for layer in _layers(keras_network(network))]


def keras_network(network: str, multiplier: float = 1.0, size: int | None = None) -> tf.keras.Model:
  """A network of tf.keras.applications with random weights and without its classifier.

  Args:
    network: a name in networks.NETWORKS.
    multiplier: of its depth; ignored where it comes in one width.
    size: of the sides of its images, in pixels; None for any.
  """
  widths = {'alpha': multiplier} if len(networks.NETWORKS[network].files) > 1 else {}
  build = getattr(tf.keras.applications, network)
  return build(weights=None, include_top=False, input_shape=(size, size, 3), **widths)


def _layers(model: tf.keras.Model) -> list[tf.keras.layers.Layer]:
  """The innermost layers that have weights."""
  found = []
  for layer in model.layers:
    if isinstance(layer, tf.keras.Model):
      found += _layers(layer)
    elif layer.weights:
      found.append(layer)
  return found
