"""Which models can become TFLite files."""

import pytest

from detection.base.errors import ConfigError
from detection.odapi import convertible
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases
from detection.pipeline_config.base import read_base


@pytest.mark.parametrize('name', builtin_bases.names())
def test_every_built_in_base_but_faster_rcnn_can_be_converted(name):
  config = config_io.parse(read_base(name).text)
  if not name.startswith('faster_rcnn'):
    convertible.check(config)
    return
  with pytest.raises(ConfigError, match=r'export.tflite: .* family faster_rcnn\. Choose another base'):
    convertible.check_family(config)


@pytest.mark.parametrize(
  'resizer',
  [
    'keep_aspect_ratio_resizer { min_dimension: 600 max_dimension: 1024 pad_to_max_dimension: true }',
    'keep_aspect_ratio_resizer { min_dimension: 600 max_dimension: 600 }',
    'identity_resizer {}',
  ],
)
def test_images_of_many_sizes_cannot(resizer):
  config = config_io.parse(f'model {{ ssd {{ image_resizer {{ {resizer} }} }} }}')
  with pytest.raises(ConfigError, match='images of one size'):
    convertible.check(config)
