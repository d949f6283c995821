"""A detector on published weights is trained as was measured to suit them, unless the user chose another way."""

import pytest

from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, changes, patch
from tests.support import patching

SSD = 'ssd_mobilenet_v2_fpnlite_320'


def base(name=SSD):
  return config_io.parse(builtin_bases.text(name))


def patched(name=SSD, is_network=True, mode='classification', **options):
  return patch.patch(base(name), patching.request(mode=mode, checkpoint='net.h5', is_network=is_network, **options))


def test_an_ssd_on_mobilenet_gets_adam_with_a_long_warm_up():
  config = patched(num_steps=400, batch_size=8)

  cosine = config.train_config.optimizer.adam_optimizer.learning_rate.cosine_decay_learning_rate
  assert (cosine.learning_rate_base, cosine.warmup_steps, cosine.total_steps) == (pytest.approx(2e-3), 120, 400)
  reasons = {change.path: change.reason for change in changes.between(base(), config, ())}
  path = 'train_config.optimizer.adam_optimizer.learning_rate.cosine_decay_learning_rate.learning_rate_base'
  assert reasons[path] == 'suits the published weights, see docs/models.md'


def test_a_short_form_without_a_value_chooses_nothing():
  config = patched(overrides={'optimizer': None, 'learning_rate': None})
  assert config.train_config.optimizer.WhichOneof('optimizer') == 'adam_optimizer'


def test_its_rate_follows_the_batch_and_its_warm_up_ends():
  cosine = patched(
    num_steps=50_000, batch_size=32
  ).train_config.optimizer.adam_optimizer.learning_rate.cosine_decay_learning_rate
  assert (cosine.learning_rate_base, cosine.warmup_steps) == (pytest.approx(4e-3), 1000)


def test_patching_twice_is_patching_once():
  request = patching.request(mode='classification', checkpoint='net.h5', is_network=True)
  once = patch.patch(base(), request)
  assert patch.patch(once, request) == once


@pytest.mark.parametrize(
  'options',
  [
    {'overrides': {'learning_rate': 0.02}},
    {'overrides': {'schedule': 'constant'}},
    {'overrides': {'train_config.optimizer.use_moving_average': True}},
    {'is_network': False},
    {'name': 'efficientdet_d0_512'},
    {'name': 'faster_rcnn_resnet50_v1_640'},
  ],
  ids=str,
)
def test_what_the_user_chose_or_nobody_measured_stays(options):
  assert patched(**options).train_config.optimizer.WhichOneof('optimizer') == 'momentum_optimizer'
