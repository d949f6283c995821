import numpy as np

from detection.odapi import compat


def test_a_box_is_drawn_with_its_caption():
  compat.apply()
  from object_detection.utils import visualization_utils

  image = np.zeros([60, 80, 3], np.uint8)
  visualization_utils.draw_bounding_box_on_image_array(image, 0.5, 0.2, 0.9, 0.8, display_str_list=['cat: 90%'])
  assert image[:29].any()  # the caption, above the box
