import json

import pytest
from tfx.types import channel, standard_artifacts

from components import artifacts
from components.tuner.component import DetectionTuner, check_space
from components.tuner.settings import TuneSettings
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from detection.pipeline_config import recipe

BASE = 'ssd_mobilenet_v2_fpnlite_cpu_160'


def tuner(**given):
  return DetectionTuner(
    channel.Channel(type=standard_artifacts.Examples),
    channel.Channel(type=artifacts.LabelMap),
    tune={'space': {'learning_rate': {'values': [0.1]}}, 'steps': 50},
    work_root='/work',
    base=BASE,
    batch_size=4,
    **given,
  )


def test_trials_have_the_steps_of_the_search():
  properties = tuner().exec_properties

  assert properties['num_steps'] == 50
  assert json.loads(properties['tune'])['trials'] == 12


def test_settings_that_no_step_could_follow_are_refused_when_the_component_is_built():
  with pytest.raises(ConfigError, match='adapt: expected target_examples'):
    tuner(adapt={'weight': 0.3})


@pytest.mark.parametrize(
  ('space', 'expected'),
  [
    pytest.param({'learning_rat': {'values': [1]}}, 'learning_rat: 1 does not .*nearest: "learning_rate"', id='name'),
    pytest.param({'train_config.batchsize': {'values': [1]}}, 'nearest: "train_config.batch_size"', id='field'),
    pytest.param({'train_config.batch_size': {'min': 0, 'max': 8}}, 'batch_size: 0 does not fit', id='impossible end'),
    pytest.param({'train_config.batch_size': {'min': 0.5, 'max': 8}}, 'batch_size: 0.5 .*whole number', id='kind'),
    pytest.param({'augment': {'values': [['gray'], ['grey']]}}, r"\['grey'\] does not fit", id='augmentation'),
    pytest.param({'learning_rate': {'values': [-1]}, 'optimizer': {'values': [3]}}, '-1.*Also: .*: 3', id='both'),
  ],
)
def test_a_space_that_the_config_does_not_take_is_refused_before_any_training(space, expected):
  read = recipe.read(recipe.Options(BASE, num_steps=10, batch_size=4))

  with pytest.raises(ConfigError, match=f'^tune.space: .*{expected}'):
    check_space(read, parse_settings(TuneSettings, {'space': space}, 'tune'))
