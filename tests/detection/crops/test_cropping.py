"""Crops are boxes with a margin around them."""

import numpy as np
import pytest
import tensorflow as tf

from detection.crops.cropping import crop


def test_a_crop_is_the_box_with_a_margin_around_it():
  pixels = np.zeros((100, 100, 3), np.uint8)
  pixels[40:60, 40:60] = 200
  (found,) = crop(tf.constant(pixels), tf.constant([[0.4, 0.4, 0.6, 0.6]]), 24)
  assert found.shape == (24, 24, 3)
  assert found[12, 12, 0] == 200
  assert found[0, 0, 0] == 0
  assert float(tf.reduce_mean(found)) == pytest.approx(200 / 1.2**2, rel=0.1)


def test_a_box_at_the_edge_is_not_filled_up_with_black():
  (found,) = crop(tf.fill([50, 50, 3], tf.constant(90, tf.uint8)), tf.constant([[0.0, 0.0, 0.3, 1.0]]), 8)
  assert found.numpy().min() == 90
