"""Which parts of a model stay as they are in training: named by patterns in pipeline.config, or by presets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.odapi.families import Family
from detection.odapi.model.building import all_variables
from detection.odapi.protos import train_pb2


def apply(model: Any, config: Config, presets: Sequence[str] = ()) -> list[tf.Variable]:
  """Freezes parts of a model and returns the variables that training changes.

  A batch norm layer whose gamma and beta are frozen normalises by its moving averages and does not change these.

  Args:
    model: a DetectionModel whose variables all exist.
    config: the model's; in its train_config, `update_trainable_variables` patterns keep what they match, then
      `freeze_variables` patterns take out what they match; regular expressions searched for in the name, as the OD
      API's TF1 trainer did.
    presets: names of PRESETS; what any of them names is frozen too.

  Raises:
    ConfigError: if a pattern matches nothing, or nothing is left to train.
  """
  train, family = config.train_config, families.of(config)
  chosen = select(model.trainable_variables, train)
  frozen = {id(variable) for preset in presets for variable in PRESETS[preset](model, family)}
  chosen = [variable for variable in chosen if id(variable) not in frozen]
  if not chosen:
    raise ConfigError(
      f'nothing is left to train: pipeline.config has train_config.freeze_variables {list(train.freeze_variables)}, '
      f'and train.freeze is {list(presets)}. Expected less.'
    )
  kept = {id(variable) for variable in chosen}
  for layer in _batch_norms(model):
    scales = layer.trainable_variables
    if scales and not any(id(variable) in kept for variable in scales):
      layer.trainable = False
  return chosen


def select(variables: Sequence[tf.Variable], train: train_pb2.TrainConfig) -> list[tf.Variable]:
  """Those of the variables that the patterns of train_config leave to training; raises ConfigError as `apply`."""
  names = [variable.name.split(':')[0] for variable in variables]
  for field in ('update_trainable_variables', 'freeze_variables'):
    for pattern in getattr(train, field):
      if not any(re.search(pattern, name) for name in names):
        raise ConfigError(
          f'pipeline.config: train_config.{field}: "{pattern}" matches no variable. '
          f'Expected part of a name such as "{names[0]}".'
        )
  update, freeze = train.update_trainable_variables, train.freeze_variables
  return [
    variable
    for name, variable in zip(names, variables, strict=True)
    if (not update or any(re.search(p, name) for p in update)) and not any(re.search(p, name) for p in freeze)
  ]


def _backbone(model: Any, _: Family) -> list[tf.Variable]:
  """The variables of the classification network; a pyramid between it and the predictors is not part of it."""
  return all_variables(next(iter(model.restore_from_objects('classification').values())))


def _all_but_box_predictor(model: Any, family: Family) -> list[tf.Variable]:
  # A one-stage Faster R-CNN has no second predictor.
  predictors = [getattr(model, place) for place in family.predictors if getattr(model, place, None) is not None]
  # A meta-architecture's attribute may be a plain dict or list, which TensorFlow would not walk through.
  kept = {id(variable) for variable in all_variables(tf.train.Checkpoint(predictors=predictors))}
  return [variable for variable in model.trainable_variables if id(variable) not in kept]


def _batch_norm(model: Any, _: Family) -> list[tf.Variable]:
  return [variable for layer in _batch_norms(model) for variable in layer.variables]


def _batch_norms(model: Any) -> Iterator[tf.keras.layers.Layer]:
  for item in tf.train.TrackableView(model).descendants():
    if isinstance(item, tf.keras.layers.Layer) and hasattr(item, 'moving_mean'):
      yield item


PRESETS: Mapping[str, Callable[[Any, Family], list[tf.Variable]]] = {
  'backbone': _backbone,
  'all_but_box_predictor': _all_but_box_predictor,
  'batch_norm': _batch_norm,
}
