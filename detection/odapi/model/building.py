"""Builds a detection model with all its variables, and switches it between training and inference."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from object_detection.builders import model_builder

from detection.odapi.config.config_io import Config
from detection.odapi.model import config_facts


def build_model(config: Config) -> Any:
  """The OD API's DetectionModel with every variable created, by one pass over an empty image in inference mode."""
  model = model_builder.build(config.model, is_training=True)
  height, width = config_facts.static_size(config) or (256, 256)

  # Eagerly: tracing a graph that makes variables costs ten times as much, since it is traced twice and lifted.
  with mode(model, training=False):
    images, shapes = model.preprocess(tf.zeros([1, height, width, 3]))
    model.provide_groundtruth(
      groundtruth_boxes_list=[tf.zeros([1, 4])],
      groundtruth_classes_list=[tf.one_hot([0], depth=max(1, model.num_classes))],
    )
    model.predict(images, shapes)
  return model


@contextlib.contextmanager
def mode(model: Any, training: bool) -> Iterator[None]:
  """Puts the model and Keras's learning phase into training or inference while a graph is traced, then back."""
  was_training, was_phase = model._is_training, tf.keras.backend.learning_phase()
  model._is_training = training
  tf.keras.backend.set_learning_phase(int(training))
  try:
    yield
  finally:
    model._is_training = was_training
    if isinstance(was_phase, int | np.integer):
      tf.keras.backend.set_learning_phase(int(was_phase))


def all_variables(trackable: Any) -> list[tf.Variable]:
  """Every variable of a model or layer, the moving averages of batch norm included, each once."""
  found = {id(item): item for item in tf.train.TrackableView(trackable).descendants() if isinstance(item, tf.Variable)}
  return list(found.values())
