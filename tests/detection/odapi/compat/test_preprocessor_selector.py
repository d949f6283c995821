import tensorflow as tf

from detection.odapi import compat


def test_no_image_comes_empty_out_of_a_random_crop():
  compat.apply()
  from object_detection.core import preprocessor

  def cropped(_):
    box, one = tf.constant([[0.2, 0.2, 0.8, 0.8]]), tf.ones([1])
    return preprocessor.ssd_random_crop_pad(tf.ones([32, 32, 3]), box, tf.ones([1], tf.int64), one)[0]

  for image in tf.data.Dataset.range(20).map(cropped).as_numpy_iterator():
    assert image.ndim == 3
    assert image.size
