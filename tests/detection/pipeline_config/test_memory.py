"""The memory that training takes is estimated from input, batch and model."""

import pytest

from detection.odapi import families
from detection.pipeline_config import builtin_bases, memory
from tests.support import patching


def gib(name='ssd_mobilenet_v2_fpnlite_320', **overrides):
  return memory.estimate(patching.complete(name, **overrides))


def test_activations_grow_with_the_batch():
  one, four, eight = (gib(**{'train_config.batch_size': size}) for size in (1, 4, 8))

  assert eight - four == pytest.approx((four - one) * 4 / 3)


def test_adam_keeps_one_value_more_for_each_weight_than_momentum():
  assert gib(optimizer='adam') - gib(optimizer='sgd') == pytest.approx(3e6 * 4 / 2**30)


@pytest.mark.parametrize('name', builtin_bases.names())
def test_no_built_in_base_falls_back_to_the_estimate_for_unknown_models(name):
  assert families.extractor(patching.base(name)).memory


def test_a_batch_no_gpu_holds_is_warned_of_with_one_that_fits():
  config = patching.complete('efficientdet_d2_768', **{'train_config.batch_size': 128})
  (warning,) = memory.warnings(config, memory.estimate(config))
  fits = int(warning.rpartition('train.batch_size: ')[2].split()[0])

  assert 'a batch of 128 takes some' in warning
  assert memory.warnings(config, 24.0) == []
  assert gib('efficientdet_d2_768', **{'train_config.batch_size': fits}) <= 24
