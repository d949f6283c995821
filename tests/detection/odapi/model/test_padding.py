"""Boxes that only fill a batch up are cut off."""

import numpy as np
import tensorflow as tf

from detection.odapi.model import padding


def test_cutting_the_padding_keeps_boxes_and_what_is_not_of_boxes():
  labels = {
    'num_groundtruth_boxes': tf.constant([1, 3]),
    'groundtruth_boxes': tf.random.uniform([2, 5, 4]),
    'groundtruth_weights': tf.random.uniform([2, 5]),
    'groundtruth_image_classes': tf.random.uniform([2, 5]),
  }
  cut = padding.without_padding(labels)
  assert cut['groundtruth_boxes'].shape == (2, 3, 4)
  np.testing.assert_array_equal(cut['groundtruth_weights'], labels['groundtruth_weights'][:, :3])
  assert cut['groundtruth_image_classes'].shape == (2, 5)
  empty = padding.without_padding({**labels, 'num_groundtruth_boxes': tf.constant([0, 0])})
  assert empty['groundtruth_boxes'].shape == (2, 1, 4)
