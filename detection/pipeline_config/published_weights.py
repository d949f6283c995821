"""Optimizer and schedule of a detector whose backbone starts from published weights, as benchmarks/recipes.py chose
them: the rest of it starts from nothing, and has few steps to learn in."""

import math
from collections.abc import Mapping
from typing import Any

from detection.odapi import backbones
from detection.odapi.config.config_io import Config
from detection.pipeline_config import optimization

# {network: Adam's highest rate at batch 8}. Others were not measured, and keep the optimizer of the base.
ADAM_RATES = {'MobileNetV2': 2e-3}
_BATCH = 8
_MOST_WARMUP_STEPS = 1000  # as long as the zoo warms up in 50,000 steps
_CHOSEN_BY = ('optimizer', 'schedule', 'learning_rate', 'text')


def suit(config: Config, overrides: Mapping[str, Any]) -> None:
  """Gives an SSD with such a backbone Adam and a cosine with a long warm-up, in place of momentum.

  Warm-up takes three tenths of the training: as long as the new layers are far off, their gradients would change the
  backbone's weights for the worse. An optimizer, a schedule or a learning rate of the user's stays alone.

  Args:
    config: changed in place; with steps, batch size and weights to start from.
    overrides: what the user set.
  """
  rate = ADAM_RATES.get(backbones.of(config).network.name)
  optimizer = config.train_config.optimizer.WhichOneof('optimizer')
  is_ssd = config.model.WhichOneof('model') == 'ssd'
  if rate is None or not is_ssd or optimizer != 'momentum_optimizer' or _chooses(overrides):
    return
  train = config.train_config
  peak = rate * math.sqrt(train.batch_size / _BATCH)
  optimization.set_optimizer(config, {'name': 'adam', 'learning_rate': peak}, 'optimizer')
  warmup = min(train.num_steps * 3 // 10, _MOST_WARMUP_STEPS)
  optimization.set_schedule(config, {'name': 'cosine', 'warmup_steps': warmup}, 'schedule')


def _chooses(overrides: Mapping[str, Any]) -> bool:
  chosen = (key for key, value in overrides.items() if value is not None)
  return any(key in _CHOSEN_BY or key.startswith('train_config.optimizer') for key in chosen)
