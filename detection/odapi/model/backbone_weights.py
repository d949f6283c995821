"""Weights of classification networks for a detector's backbone: restored with a report, or only compared with it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from object_detection.builders import model_builder

from detection.base.errors import ConfigError
from detection.odapi import backbones
from detection.odapi.config.config_io import Config
from detection.odapi.model.building import all_variables
from detection.odapi.model.restore import RestoreReport
from detection.odapi.weights import adapt, fit, targets
from detection.odapi.weights.layers import SavedNetwork

_KIND = 'classification'


def restore(model: Any, config: Config, saved: SavedNetwork, min_backbone: float = 0.0) -> RestoreReport:
  """Assigns a network's weights to the backbone of a detector.

  Args:
    model: a DetectionModel; all its variables exist.
    config: the pipeline.config that it was built from.
    saved: see weights.read.
    min_backbone: fraction of the backbone's variables that must be restored.

  Raises:
    ConfigError: if the weights are of another network, or of another width or form of it, or give less than asked.
  """
  own = backbones.of(config)
  layers = targets.of(backbone(model))
  match = fit.match(saved, own.network, layers)
  adapted = adapt.values(match, own.bgr)
  for variable, value in adapted.values:
    variable.assign(value)
  total = sum(len(target.variables) for target in layers)
  _check_enough(saved, len(adapted.values), total, min_backbone)
  taken = {id(variable) for variable, _ in adapted.values}
  fresh = {v.name: 'not asked for by this type, or absent' for v in all_variables(model) if id(v) not in taken}
  return RestoreReport(
    checkpoint=saved.source,
    type=_KIND,
    restored=[variable.name for variable, _ in adapted.values],
    fresh=fresh,
    unused=list(match.unused),
    backbone=(len(taken), total),
    adapted=list(adapted.notes),
  )


def check(config: Config, saved: SavedNetwork) -> None:
  """Compares weights with the backbone that the config describes, which is built for it.

  Raises:
    ConfigError: as `restore`.
  """
  own = backbones.of(config)
  match = fit.match(saved, own.network, targets.of(backbone(built(config))))
  adapt.values(match, own.bgr)


def backbone(model: Any) -> Any:
  """The Keras model that is the detector's backbone."""
  return next(iter(model.restore_from_objects(_KIND).values()))


def built(config: Config) -> Any:
  """A detector with the variables of its backbone alone: no head is built and no image is passed."""
  model = model_builder.build(config.model, is_training=True)
  extractor = model._feature_extractor
  if hasattr(extractor, 'get_proposal_feature_extractor_model'):
    extractor.get_proposal_feature_extractor_model('backbone')
  elif not extractor.built and extractor.classification_backbone is None:
    extractor.build(tf.TensorShape([None, None, None, 3]))
  return model


def _check_enough(saved: SavedNetwork, got: int, total: int, min_backbone: float) -> None:
  if got < min_backbone * total:
    raise ConfigError(
      f'{saved.source}: only {got} of {total} backbone variables are in it (train.min_restored asks for '
      f'{min_backbone:.0%}).'
    )
