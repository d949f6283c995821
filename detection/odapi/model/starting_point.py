"""What training starts from: a detector's checkpoint, or the weights of a classification network."""

from __future__ import annotations

from typing import Any

from detection.odapi import backbones, networks
from detection.odapi.config.config_io import Config
from detection.odapi.model import backbone_weights, restore
from detection.odapi.weights import imagenet, read


def apply(model: Any, config: Config, min_backbone: float = 0.0) -> restore.RestoreReport:
  """Restores what train_config.fine_tune_checkpoint of the config names.

  Args:
    model: a DetectionModel built from `config`; all its variables exist.
    config: a pipeline.config with a fine_tune_checkpoint.
    min_backbone: fraction of the backbone's variables that must be restored.

  Raises:
    ConfigError, DataError: if the weights cannot be read or fetched, or are of another model.
  """
  train = config.train_config
  checkpoint, kind = train.fine_tune_checkpoint, train.fine_tune_checkpoint_type or 'detection'
  if kind == 'classification':
    saved = read.read(_published(config) if checkpoint == networks.IMAGENET else checkpoint)
    if saved is not None:
      return backbone_weights.restore(model, config, saved, min_backbone)
  return restore.restore(model, checkpoint, kind, min_backbone)


def _published(config: Config) -> str:
  own = backbones.of(config)
  return imagenet.path(own.network, own.multiplier)
