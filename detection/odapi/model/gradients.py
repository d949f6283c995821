"""Losses and gradients of a batch: computed in parts where memory is short, compiled where XLA is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from detection.odapi.model import building, loss_scaling, padding
from detection.odapi.model.method import Objective


@dataclasses.dataclass(frozen=True)
class Gradients:
  """Differentiates an objective.

  Attributes:
    objective: what is differentiated.
    model: the DetectionModel, put into training mode meanwhile.
    trainable: the variables to differentiate by.
    optimizer: scales the loss where it is a LossScaleOptimizer.
    replicas: among which a batch is split; losses and gradients are divided by their number, to be summed.
  """

  objective: Objective
  model: Any
  trainable: Sequence[tf.Variable]
  optimizer: Any
  replicas: int

  def of(self, features: Mapping, labels: Mapping) -> tuple[dict, list[tf.Tensor | None]]:
    """({name: loss}, a gradient for each of `trainable`; None where it has no part in the objective)."""
    return self._differentiate(features, padding.without_padding(labels))

  def _differentiate(self, features: Mapping, labels: Mapping) -> tuple[dict, list[tf.Tensor | None]]:
    with building.mode(self.model, training=True), tf.GradientTape() as tape:
      losses, target = self.objective(features, labels)
      losses = {name: value / self.replicas for name, value in losses.items()}
      target = loss_scaling.scaled(self.optimizer, target / self.replicas)
    return losses, loss_scaling.unscaled(self.optimizer, tape.gradient(target, self.trainable))

  def compiled(self) -> Callable[[Mapping, Mapping], tuple[dict, list[tf.Tensor | None]]]:
    """`of`, compiled by XLA. It knows no strings, such as the images' ids, and needs every shape to be known."""
    differentiate = tf.function(self._differentiate, autograph=False, jit_compile=True)

    def of(features: Mapping, labels: Mapping) -> tuple[dict, list[tf.Tensor | None]]:
      return differentiate({name: value for name, value in features.items() if value.dtype != tf.string}, labels)

    return of


def mean(parts: Sequence[tuple[Mapping[str, tf.Tensor], Sequence[tf.Tensor | None]]]) -> tuple[dict, list]:
  """Mean losses and mean gradients over (losses, gradients) of the equally large parts of a batch."""
  losses = {name: tf.add_n([part[name] for part, _ in parts]) / len(parts) for name in parts[0][0]}
  return losses, [_mean_gradient(several) for several in zip(*(part for _, part in parts), strict=True)]


def _mean_gradient(gradients: Sequence[tf.Tensor | None]) -> tf.Tensor | None:
  # None where a variable has no part in the loss, such as a frozen layer's neighbour.
  there = [gradient for gradient in gradients if gradient is not None]
  if len(there) < 2:
    return there[0] if there else None
  return tf.add_n([tf.convert_to_tensor(gradient) for gradient in there]) / len(gradients)
