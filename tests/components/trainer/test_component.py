"""The wiring of ODAPITrainer."""

import json

import pytest
from tfx.types import channel, standard_artifacts

from components import artifacts
from components.trainer import component
from detection.base.errors import ConfigError


def trainer(**options):
  inputs = {'examples': standard_artifacts.Examples, 'label_map': artifacts.LabelMap}
  inputs['pipeline_config'] = artifacts.PipelineConfig
  channels = {name: channel.Channel(type=kind) for name, kind in inputs.items()}
  return component.ODAPITrainer(**channels, work_root='work', **options)


def test_settings_of_an_adaptation_without_images_to_adapt_to_are_refused():
  with pytest.raises(ConfigError, match='adapt: expected target_examples'):
    trainer(adapt={'weight': 0.1})


def test_a_wrong_setting_of_an_adaptation_is_refused_naming_the_nearest():
  target = channel.Channel(type=standard_artifacts.Examples)
  with pytest.raises(ConfigError, match='adapt: .*nearest: "weight"'):
    trainer(target_examples=target, adapt={'wait': 0.1})
  built = trainer(target_examples=target)
  assert json.loads(built.exec_properties['adapt'])['ramp_steps'] is None
  assert built.inputs['target_examples'] is target


def test_a_wrong_setting_is_refused_where_the_pipeline_is_built():
  with pytest.raises(ConfigError, match='ODAPITrainer: settings: .*nearest: "eval_every"'):
    trainer(settings={'eval_ever': 1})
