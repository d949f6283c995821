"""ModelExporter's wiring."""

import pytest
from tfx.types import channel, standard_artifacts

from components.model_exporter import component
from detection.base.errors import ConfigError


@pytest.mark.parametrize('kinds', [[], ['int4']])
def test_kinds_that_make_no_sense_are_refused_when_the_pipeline_is_built(kinds):
  channels = {
    'model': channel.Channel(type=standard_artifacts.Model),
    'examples': channel.Channel(type=standard_artifacts.Examples),
  }
  with pytest.raises(ConfigError, match='expected some of float32, dynamic_range, float16, int8'):
    component.ModelExporter(**channels, tflite=kinds)
