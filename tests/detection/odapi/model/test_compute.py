"""What pipeline.config does not allow is refused before anything is built."""

import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.odapi.model.compute import Compute

AVERAGES = 'train_config { batch_size: 4 optimizer { use_moving_average: true } }'


@pytest.mark.parametrize(
  ('text', 'compute', 'expected'),
  [
    pytest.param(
      AVERAGES.replace('true', 'false') + ' eval_config { use_moving_averages: true }',
      Compute(), 'needs train_config.optimizer', id='averages that nobody keeps',
    ),
    pytest.param(AVERAGES, Compute('mixed_float16'), 'mixed_float16 scales the loss', id='averages and a scaled loss'),
    pytest.param(
      'train_config { batch_size: 4 unpad_groundtruth_tensors: true }', Compute(xla=True), 'train.xla',
      id='XLA and shapes that are not known',
    ),
    pytest.param(
      'train_config { batch_size: 4 unpad_groundtruth_tensors: false }', Compute(accumulate=3), '3 parts do not divide',
      id='parts that do not divide',
    ),
  ],
)  # fmt: skip
def test_what_cannot_go_together_is_refused(text, compute, expected):
  with pytest.raises(ConfigError, match=expected):
    compute.check(config_io.parse(text))


@pytest.mark.parametrize('compute', [Compute(), Compute('mixed_bfloat16', accumulate=2)])
def test_what_goes_together_is_not(compute):
  compute.check(config_io.parse(AVERAGES + ' eval_config { use_moving_averages: true }'))
