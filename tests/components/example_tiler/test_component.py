"""ExampleTiler's wiring."""

import json

import pytest
from tfx.types import channel, standard_artifacts

from components.example_tiler.component import ExampleTiler
from detection.base.errors import ConfigError

EXAMPLES = channel.Channel(type=standard_artifacts.Examples)


def test_settings_are_completed():
  properties = ExampleTiler(EXAMPLES, {'size': 320}).exec_properties
  assert json.loads(properties['tiles']) == {'size': 320, 'overlap': 0.2, 'min_visible': 0.5, 'empty': 0.1}
  assert len(properties['code_version']) == 16


def test_a_wrong_setting_is_refused_when_the_pipeline_is_built():
  with pytest.raises(ConfigError, match=r'data\.tiles: unknown key "sise"'):
    ExampleTiler(EXAMPLES, {'size': 320, 'sise': 1})
