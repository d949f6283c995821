"""Optimizer, schedule and learning rate by short forms."""

import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import schedule
from tests.support import patching


def rate(config):
  return schedule.learning_rate(config.train_config.optimizer)


@pytest.mark.parametrize(
  ('short', 'kind', 'peak'),
  [
    pytest.param('adam', 'adam_optimizer', 0.001, id='another optimizer: its usual rate'),
    pytest.param({'name': 'adam', 'learning_rate': '3e-4'}, 'adam_optimizer', 3e-4, id='with a rate'),
    pytest.param('rmsprop', 'rms_prop_optimizer', 0.001, id='rmsprop'),
    pytest.param(
      'sgd', 'momentum_optimizer', 0.08 * (4 / 128) ** 0.5, id='the same optimizer: its rate, for the batch size'
    ),
    pytest.param({'name': 'momentum', 'momentum': 0.5}, 'momentum_optimizer', 0.08 * (4 / 128) ** 0.5, id='momentum'),
  ],
)
def test_an_optimizer_by_name_keeps_the_schedules_shape(short, kind, peak):
  config = patching.complete(optimizer=short)

  assert config.train_config.optimizer.WhichOneof('optimizer') == kind
  cosine = rate(config).cosine_decay_learning_rate
  assert cosine.learning_rate_base == pytest.approx(peak)
  assert cosine.warmup_learning_rate == pytest.approx(peak / 3, rel=1e-3)
  assert (cosine.total_steps, cosine.warmup_steps) == (500, 10)


@pytest.mark.parametrize(
  ('short', 'expected'),
  [
    ('constant', 'constant_learning_rate { learning_rate: 0.5 }'),
    ('cosine', """cosine_decay_learning_rate {
      learning_rate_base: 0.5 total_steps: 500 warmup_learning_rate: 0.05 warmup_steps: 25 }"""),
    ({'name': 'cosine', 'warmup_steps': 0}, """cosine_decay_learning_rate {
      learning_rate_base: 0.5 total_steps: 500 warmup_learning_rate: 0.05 warmup_steps: 0 }"""),
    ('manual_step', """manual_step_learning_rate { initial_learning_rate: 0.5
      schedule { step: 300 learning_rate: 0.05 } schedule { step: 400 learning_rate: 0.005 } }"""),
    ({'name': 'exponential', 'decay_steps': 100, 'decay_factor': 0.5}, """exponential_decay_learning_rate {
      initial_learning_rate: 0.5 decay_steps: 100 decay_factor: 0.5 burnin_steps: 0 burnin_learning_rate: 0 }"""),
  ],
)  # fmt: skip
def test_a_schedule_by_name(short, expected):
  config = patching.complete(optimizer={'name': 'sgd', 'learning_rate': 0.5}, schedule=short)

  momentum = f'momentum_optimizer {{ learning_rate {{ {expected} }} momentum_optimizer_value: 0.9 }}'
  expected_config = config_io.parse(f'train_config {{ optimizer {{ {momentum} use_moving_average: false }} }}')
  assert config.train_config.optimizer == expected_config.train_config.optimizer


def test_a_learning_rate_alone_scales_the_whole_schedule():
  config = patching.complete(optimizer='adam', schedule='cosine', learning_rate='2e-4')

  cosine = rate(config).cosine_decay_learning_rate
  assert (cosine.learning_rate_base, cosine.warmup_learning_rate) == pytest.approx((2e-4, 2e-5))


@pytest.mark.parametrize(
  ('overrides', 'expected'),
  [
    ({'optimizer': 'adamw'}, 'nearest: "adam"'),
    ({'optimizer': {'name': 'adam', 'lr': 1}}, 'unknown key "lr"'),
    ({'learning_rate': -0.1}, 'learning_rate: ensure this value is greater than 0; received -0.1'),
    ({'learning_rate': 'fast'}, "received 'fast'"),
    ({'optimizer': 3}, 'expected a name or a mapping'),
    ({'schedule': 'cosin'}, 'nearest: "cosine"'),
    ({'schedule': {'name': 'cosine', 'warmup_steps': 500}}, 'warm-up takes 500 steps of 500'),
    ({'schedule': {'name': 'manual_step', 'steps': [400, 300]}}, 'steps must rise'),
  ],
)
def test_options_that_do_not_fit_are_refused_by_name(overrides, expected):
  with pytest.raises(ConfigError, match=expected):
    patching.complete(**overrides)
