"""What is learned, and from which batches: supervised detection, or another method that takes its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import tensorflow as tf

from detection.odapi.config.config_io import Config
from detection.odapi.model import inputs
from detection.odapi.model.losses import TOTAL_LOSS, DetectionLosses


class Objective(Protocol):
  """What a training step makes smaller.

  helpers: what is trained beside the model, by name: kept in checkpoints, never exported.
  """

  helpers: Mapping[str, tf.Module]

  def __call__(self, features: Mapping, labels: Mapping) -> tuple[dict, tf.Tensor]:
    """Called with the model in training mode. Returns ({name: loss} to report, the scalar to differentiate)."""


class DetectionObjective:
  """The detector's own total loss."""

  helpers: Mapping[str, tf.Module] = {}

  def __init__(self, losses: DetectionLosses, step: tf.Variable) -> None:
    """Args: losses: of the model that is trained. step: the number of steps taken, int64."""
    self._losses = losses
    self._step = step

  def __call__(self, features: Mapping, labels: Mapping) -> tuple[dict, tf.Tensor]:
    # The step's value: the model keeps what it is given, and would carry the variable itself into every checkpoint.
    step = self._step.read_value()
    losses, _ = self._losses.compute(features, labels, step, self._losses.config.train_config.unpad_groundtruth_tensors)
    return losses, losses[TOTAL_LOSS]


class BatchSource(Protocol):
  """Endless training batches, as inputs.train_batches makes them."""

  def __call__(
    self,
    config: Config,
    model: Any,
    options: inputs.InputOptions,
    batch_size: int,
    context: tf.distribute.InputContext | None = None,
  ) -> tf.data.Dataset: ...


@dataclasses.dataclass(frozen=True)
class Method:
  """One way to train a detector.

  objective: (the model's losses, the step variable) to what a step makes smaller; called once, when all variables of
    the model exist, and may create the variables of its helpers.
  batches: what the objective is computed on.
  """

  objective: Callable[[DetectionLosses, tf.Variable], Objective] = DetectionObjective
  batches: BatchSource = inputs.train_batches


SUPERVISED = Method()
