"""The losses of a detection model, computed as the OD API's own loop does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from object_detection import model_lib

from detection.odapi.config.config_io import Config
from detection.odapi.model.fields import InputDataFields

TOTAL_LOSS = 'Loss/total_loss'


class DetectionLosses:
  """A model's losses on a batch: its own, regularisation, and their sum.

  Attributes:
    config: the complete pipeline.config.
    model: a DetectionModel whose variables all exist.
  """

  def __init__(self, config: Config, model: Any) -> None:
    self.config = config
    self.model = model

  def compute(self, features: Mapping, labels: Mapping, step: tf.Tensor | None, unpad: bool) -> tuple[dict, dict]:
    """Predicts and compares with the labels, in the model's present mode.

    Args:
      features, labels: a batch as inputs.train_batches gives it.
      step: of training; None in evaluation.
      unpad: whether padding is cut from the labels of each image.

    Returns:
      ({name: scalar float32}, TOTAL_LOSS among them; the model's predictions, in float32).
    """
    model = self.model
    model_lib.provide_groundtruth(
      model, model_lib.unstack_batch(labels, unpad_groundtruth_tensors=unpad), training_step=step
    )
    shapes = features[InputDataFields.true_image_shape]
    predictions = _as_float32(model.predict(features[InputDataFields.image], shapes, **model.get_side_inputs(features)))
    losses = dict(model.loss(predictions, shapes))
    regularization = model.regularization_losses() if self.config.train_config.add_regularization_loss else None
    if regularization:
      losses['Loss/regularization_loss'] = tf.add_n(regularization)
    losses[TOTAL_LOSS] = tf.add_n(list(losses.values()))
    return losses, predictions


def _as_float32(predictions: Any) -> Any:
  """Losses and box decoding are computed in full precision."""

  def cast(value: Any) -> Any:
    is_half = isinstance(value, tf.Tensor) and value.dtype in (tf.float16, tf.bfloat16)
    return tf.cast(value, tf.float32) if is_half else value

  return tf.nest.map_structure(cast, predictions)
