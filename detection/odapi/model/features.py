"""The backbone of a trained detector, as a function from crops to feature maps."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from detection.odapi.config.config_io import Config
from detection.odapi.model import building, restore


def backbone(config: Config, checkpoint: str) -> tuple[Callable[[tf.Tensor], list[tf.Tensor]], list[tf.Variable]]:
  """Builds the model of `config`, restores it, and keeps its classification backbone.

  Args:
    config: its pipeline.config.
    checkpoint: prefix of its TF2 checkpoint.

  Returns:
    A function from crops, float32 [N, height, width, 3] in 0..255, to the backbone's feature maps in inference mode;
    and the variables that it reads.

  Raises:
    DataError: if the checkpoint cannot be read, or is of another backbone.
  """
  model = building.build_model(config)
  restore.restore(model, checkpoint, 'full', min_backbone=0.9)
  extractor = model._feature_extractor
  network = extractor.classification_backbone

  def forward(crops: tf.Tensor) -> list[tf.Tensor]:
    with building.mode(model, training=False):
      return tf.nest.flatten(network(extractor.preprocess(crops), training=False))

  return forward, building.all_variables(network)
