"""Boxes cut out of an image as crops of one size. TensorFlow ops alone, so that a SavedModel does the same."""

import tensorflow as tf

# A box is widened by this fraction of its sides: what is around an object helps to name it, and detected boxes are not
# exact.
_MARGIN = 0.1


def crop(image: tf.Tensor, boxes: tf.Tensor, size: int) -> tf.Tensor:
  """Cuts each box, with a margin around it, out of an image.

  Args:
    image: uint8 [H, W, 3].
    boxes: float32 [N, 4], (ymin, xmin, ymax, xmax) in [0, 1].
    size: of a crop's sides, in pixels.

  Returns:
    Crops, float32 [N, size, size, 3] in 0..255. The margin ends at the image's edge.
  """
  low, high = boxes[:, :2], boxes[:, 2:]
  margin = (high - low) * _MARGIN
  wider = tf.clip_by_value(tf.concat([low - margin, high + margin], axis=1), 0.0, 1.0)
  return tf.image.crop_and_resize(
    tf.cast(image, tf.float32)[tf.newaxis], wider, tf.zeros(tf.shape(boxes)[:1], tf.int32), [size, size]
  )
