"""ModelExporter's wiring."""

import pytest
from tfx.types import channel, standard_artifacts

from components.model_exporter import component
from detection.base.errors import ConfigError


@pytest.mark.parametrize(
  ('kinds', 'expected'),
  [
    ({}, 'expected some of float32, dynamic_range, float16, int8, or onnx; received neither'),
    ({'tflite': ['int4']}, 'export.tflite: expected some of float32, dynamic_range, float16, int8, received "int4"'),
    ({'onnx': ['float16']}, 'export.onnx: expected some of float32, int8, received "float16"'),
  ],
)
def test_kinds_that_make_no_sense_are_refused_when_the_pipeline_is_built(kinds, expected):
  channels = {
    'model': channel.Channel(type=standard_artifacts.Model),
    'examples': channel.Channel(type=standard_artifacts.Examples),
  }
  with pytest.raises(ConfigError, match=expected):
    component.ModelExporter(**channels, **kinds)
