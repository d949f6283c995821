import tensorflow as tf

from detection.odapi import compat

# Two cases of the augmentation's six: each has a branch of its own in the graph, which takes long to build.
TWO_CASES = {
  'min_object_covered': (0.1, 1.0),
  'overlap_thresh': (0.1, 1.0),
  'aspect_ratio_range': ((0.5, 2.0),) * 2,
  'area_range': ((0.1, 1.0),) * 2,
  'clip_boxes': (True,) * 2,
  'random_coef': (0.15,) * 2,
  'min_padded_size_ratio': ((1.0, 1.0),) * 2,
  'max_padded_size_ratio': ((2.0, 2.0),) * 2,
  'pad_color': (None,) * 2,
}


def test_no_image_comes_empty_out_of_a_random_crop():
  compat.apply()
  from object_detection.core import preprocessor

  def cropped(_):
    box, one = tf.constant([[0.2, 0.2, 0.8, 0.8]]), tf.ones([1])
    return preprocessor.ssd_random_crop_pad(tf.ones([32, 32, 3]), box, tf.ones([1], tf.int64), one, **TWO_CASES)[0]

  for image in tf.data.Dataset.range(20).map(cropped).as_numpy_iterator():
    assert image.ndim == 3
    assert image.size
