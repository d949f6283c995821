import numpy as np
import pytest
import tensorflow as tf

from detection.odapi import compat

# One white pixel, one column right and two rows below the upper left corner.
ROW, COLUMN = 2, 1


@pytest.mark.parametrize(
  ('change', 'expected'),
  [
    pytest.param(lambda own, image, grey: own.rotate(image, 180.0, grey), (7, 8), id='turned by half'),
    pytest.param(lambda own, image, grey: own.translate_x(image, -3, grey), (2, 4), id='moved to the right'),
    pytest.param(lambda own, image, grey: own.translate_y(image, -3, grey), (5, 1), id='moved down'),
  ],
)
def test_an_image_is_turned_and_moved(change, expected):
  compat.apply()
  from object_detection.utils import autoaugment_utils

  image = np.zeros([10, 10, 3], np.uint8)
  image[ROW, COLUMN] = 255
  changed = change(autoaugment_utils, tf.constant(image), [128, 128, 128]).numpy()
  assert np.argwhere((changed == 255).all(axis=-1)).tolist() == [list(expected)]
