"""The optimizer of pipeline.config, its learning rate, and the moving averages of weights that it keeps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf
from object_detection.builders import optimizer_builder

from detection.odapi.config.config_io import Config
from detection.odapi.model import loss_scaling


class Optimization:
  """Changes weights by their gradients.

  Attributes:
    optimizer: as train_config.optimizer says, with loss scaling where the precision needs it.
    rate_scale: float32 variable that multiplies the learning-rate schedule; 1 unless training was rolled back.
  """

  def __init__(self, config: Config, global_step: tf.Variable, precision: str) -> None:
    """Args: config: complete. global_step: what the schedule follows. precision: Keras's policy."""
    self._config = config
    optimizer, (rate,) = optimizer_builder.build(config.train_config.optimizer, global_step=global_step)
    self.rate_scale = tf.Variable(1.0, trainable=False, name='rate_scale')
    self._rate = lambda: (rate() if callable(rate) else rate) * self.rate_scale
    inner = getattr(optimizer, '_optimizer', optimizer)  # inside the moving average's wrapper
    inner.learning_rate = self._rate
    self.optimizer = loss_scaling.wrap(optimizer, precision)

  def learning_rate(self) -> float:
    """The rate that the next step uses."""
    return float(self._rate())

  def create_slots(self, model: Any, trainable: Sequence[tf.Variable]) -> None:
    """Creates what the optimizer keeps for each weight.

    Now, so that the step is traced once: a trace that creates variables is thrown away and done again.
    """
    if self._config.train_config.optimizer.use_moving_average:
      self.optimizer.shadow_copy(model)
    self.optimizer._create_all_weights(trainable)

  def apply(self, gradients: Sequence[tf.Tensor | None], trainable: Sequence[tf.Variable]) -> None:
    """Takes one step, with gradients clipped as train_config.gradient_clipping_by_norm says."""
    limit = self._config.train_config.gradient_clipping_by_norm
    if limit > 0:
      gradients, _ = tf.clip_by_global_norm(gradients, limit)
    self.optimizer.apply_gradients(zip(gradients, trainable, strict=True))


class MovingAverages:
  """The weights that are evaluated and exported.

  They differ from those that are trained when eval_config.use_moving_averages is set: then the optimizer's moving
  averages count, as for the OD API's own evaluation.
  """

  def __init__(self, config: Config, optimizer: Any, weights: Sequence[tf.Variable]) -> None:
    """Args: config: complete. optimizer: keeps the averages. weights: of the model, those that are trained."""
    self._optimizer = optimizer
    self._weights = list(weights) if config.eval_config.use_moving_averages else []

  @contextlib.contextmanager
  def in_place(self) -> Iterator[None]:
    """Within the block the model has the weights that are evaluated; then those that are trained again."""
    trained = [variable.numpy() for variable in self._weights]
    self.keep()
    try:
      yield
    finally:
      for variable, value in zip(self._weights, trained, strict=True):
        variable.assign(value)

  def keep(self) -> None:
    """Puts the weights that are evaluated into the model for good."""
    for variable in self._weights:
      variable.assign(self._optimizer.get_slot(variable, 'average').read_value())
