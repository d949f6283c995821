"""Sizes of inputs and of images in them follow from the image resizer."""

import numpy as np
import pytest

from detection.odapi.config import config_io
from detection.pipeline_config import sizes

FIXED = 'fixed_shape_resizer { height: 300 width: 400 }'
KEPT = 'keep_aspect_ratio_resizer { min_dimension: 600 max_dimension: 1024 }'
AS_THEY_ARE = 'identity_resizer {}'


def config(resizer):
  return config_io.parse(f'model {{ ssd {{ image_resizer {{ {resizer} }} }} }}')


@pytest.mark.parametrize(
  ('resizer', 'shape', 'resized'),
  [
    pytest.param(FIXED, (300, 400), [[300, 400], [300, 400]], id='fixed'),
    # 500 to 600 would make 1000 1200; so the longer side becomes 1024.
    pytest.param(KEPT, (1024, 1024), [[512, 1024], [600, 720]], id='aspect ratio kept'),
    pytest.param(AS_THEY_ARE, (1024, 1024), [[500, 1000], [500, 600]], id='as they are'),
  ],
)
def test_sizes_of_input_and_images(resizer, shape, resized):
  heights, widths = np.array([500, 500]), np.array([1000, 600])

  assert sizes.input_shape(config(resizer)) == shape
  assert sizes.input_size(config(resizer)) == max(shape)
  assert sizes.resized(config(resizer), heights, widths).tolist() == resized
