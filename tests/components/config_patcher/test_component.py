"""Mistakes are refused when the component is built, before anything runs."""

import pytest
from tfx.types import channel, standard_artifacts

from components import artifacts
from components.config_patcher.component import ConfigPatcher
from detection.base.errors import ConfigError
from detection.odapi.config import config_io


def patcher(**arguments):
  return ConfigPatcher(
    channel.Channel(type=standard_artifacts.Examples),
    channel.Channel(type=artifacts.LabelMap),
    **{'base': 'ssd_mobilenet_v2_fpnlite_320', 'num_steps': 10, 'batch_size': 2, **arguments},
  )


def test_parameters_are_plain_and_carry_the_base_itself():
  properties = patcher(overrides={'train_config.batch_size': 1, 'model.ssd.freeze_batchnorm': True}).exec_properties

  assert config_io.parse(properties['base_config']).model.ssd.image_resizer.fixed_shape_resizer.height == 320
  assert properties['overrides'] == '{"model.ssd.freeze_batchnorm": true, "train_config.batch_size": 1}'
  assert all(isinstance(value, str | int) for value in properties.values())


@pytest.mark.parametrize(
  ('arguments', 'expected'),
  [
    pytest.param({'base': 'ssd_mobilenet_v2_fpnlite_32'}, 'nearest: "ssd_mobilenet_v2_fpnlite_320"', id='unknown name'),
    pytest.param({'base': 'nowhere/pipeline.config'}, '"nowhere/pipeline.config" is neither', id='missing file'),
    pytest.param({'mode': 'finetune'}, 'expected one of scratch, fine_tune', id='unknown mode'),
    pytest.param({'mode': 'fine_tune'}, 'model.checkpoint: missing', id='no checkpoint'),
    pytest.param({'checkpoint': 'ckpt-0'}, 'model.mode is scratch', id='a checkpoint for nothing'),
    pytest.param({'overrides': {'train_config.steps': 3}}, 'nearest: "train_config.num_steps"', id='unknown field'),
    pytest.param({'num_steps': 0}, 'train.num_steps: expected 1 or more', id='no steps'),
    pytest.param(
      {'mode': 'fine_tune', 'overrides': 'train_config { batch: 3 }'},
      'model.checkpoint: missing.*Also: .*line 1, column 16',
      id='two mistakes at once',
    ),
    pytest.param({'mode': 'resume', 'checkpoint': 'gone/ckpt-0'}, 'no checkpoint at "gone/ckpt-0"', id='dead path'),
  ],
)
def test_mistakes_are_refused_before_anything_runs(arguments, expected):
  with pytest.raises(ConfigError, match=expected):
    patcher(**arguments)
