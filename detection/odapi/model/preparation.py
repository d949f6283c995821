"""Images as a served model gets them, made into what its network takes: decoded, resized, normalized."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from object_detection.core import preprocessor

Prepared = tuple[tf.Tensor, tf.Tensor]


class Preparation:
  """Prepares batches for a DetectionModel: float32 [N, height, width, 3], and the shapes without padding, int32 [N, 3].

  Where all images become the same size, bytes are resized, and the small result becomes numbers and is normalized,
  for the whole batch. The OD API's SSD does it the other way round, on the whole picture: both are linear in every
  channel, so the results differ by rounding alone.
  """

  def __init__(self, model: Any) -> None:
    self._model = model
    self._resizer: Any = getattr(model, '_image_resizer_fn', None)
    self._fixed: tuple[int, int] | None = None
    if isinstance(self._resizer, functools.partial) and self._resizer.func is preprocessor.resize_image:
      self._fixed = self._resizer.keywords['new_height'], self._resizer.keywords['new_width']

  def size(self) -> tuple[int | None, int | None]:
    """(height, width) of what is prepared, in pixels; None where it depends on the images."""
    spec = tf.TensorSpec([None, None, None, 3], tf.uint8)
    images, _ = tf.function(self.pixels, autograph=False).get_concrete_function(spec).structured_outputs
    return images.shape[1], images.shape[2]

  def pixels(self, images: tf.Tensor) -> Prepared:
    """Of images uint8 [N, H, W, 3]."""
    if not self._fixed:
      return self._each(images, lambda image: image)
    # Numbers already here: tf2onnx converts no resizing of bytes.
    return self._normalized(self._resized(tf.cast(images, tf.float32)))

  def encoded(self, files: tf.Tensor) -> Prepared:
    """Of JPEG or PNG files, string [N]."""
    if not self._fixed:
      return self._each(files, decode)
    resized = tf.map_fn(
      lambda file: self._resized(decode(file)), files, fn_output_signature=tf.float32, parallel_iterations=32
    )
    return self._normalized(resized)

  def _resized(self, images: tf.Tensor) -> tf.Tensor:
    """float32 of one image or a batch."""
    method = self._resizer.keywords['method']
    return tf.cast(tf.compat.v1.image.resize_images(images, self._fixed, method), tf.float32)

  def _normalized(self, images: tf.Tensor) -> Prepared:
    shapes = tf.tile(tf.constant([[*(self._fixed or ()), 3]], tf.int32), [tf.shape(images)[0], 1])
    return self._model._feature_extractor.preprocess(images), shapes

  def _each(self, batch: tf.Tensor, to_image: Callable[[tf.Tensor], tf.Tensor]) -> Prepared:
    def prepare(item: tf.Tensor) -> Prepared:
      image, shape = self._model.preprocess(tf.cast(to_image(item), tf.float32)[tf.newaxis])
      return image[0], shape[0]

    return tf.map_fn(prepare, batch, fn_output_signature=(tf.float32, tf.int32), parallel_iterations=32)


def decode(encoded: tf.Tensor) -> tf.Tensor:
  """uint8 [height, width, 3] of JPEG or PNG bytes."""
  image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
  return tf.ensure_shape(image, [None, None, 3])
