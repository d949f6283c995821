"""Loss scaling: float16 has so few exponents that small gradients vanish; bfloat16 has as many as float32."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

LossScaleOptimizer = tf.keras.mixed_precision.LossScaleOptimizer


def wrap(optimizer: Any, precision: str) -> Any:
  """The optimizer, within one that scales the loss where the precision, Keras's policy, needs it."""
  return LossScaleOptimizer(optimizer) if precision == 'mixed_float16' else optimizer


def scaled(optimizer: Any, loss: tf.Tensor) -> tf.Tensor:
  """The loss as it is differentiated."""
  return optimizer.get_scaled_loss(loss) if isinstance(optimizer, LossScaleOptimizer) else loss


def unscaled(optimizer: Any, gradients: list[tf.Tensor | None]) -> list[tf.Tensor | None]:
  """The gradients of the loss itself, from those of the scaled loss."""
  return optimizer.get_unscaled_gradients(gradients) if isinstance(optimizer, LossScaleOptimizer) else gradients
