"""A detector that finds and a classifier that names, as one SavedModel with the signatures of any other.

The detector's own classes are ignored: its boxes of one object are merged whatever their class, and each merged box is
named by the classifier. Its score is the detector's times the classifier's confidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from detection import model_folder, records
from detection.base.errors import DataError
from detection.crops.classifier import LinearHead
from detection.crops.cropping import crop
from detection.inference import saved_model
from detection.inference.saved_model import CLASS_NAMES, IMAGE_BYTES, SERVING_DEFAULT, TF_EXAMPLE
from detection.odapi.model import export
from detection.odapi.model.preparation import decode

# Boxes with a higher IoU are boxes of one object.
_SAME_OBJECT_IOU = 0.6


class TwoStage(tf.Module):
  """A model with the signatures that detection/odapi/model/export.py describes.

  Attributes:
    detector: a loaded SavedModel.
    backbone: a Backbone, new or loaded.
  """

  def __init__(
    self,
    detector: Any,
    backbone: Any,
    head: LinearHead,
    labels: Mapping[str, int],
    max_boxes: int,
    limits: export.Limits | None = None,
  ) -> None:
    """Puts the parts together.

    Args:
      detector, backbone: see TwoStage.
      head: names the boxes.
      labels: {class name: id}, at least of head.names.
      max_boxes: the best so many boxes of an image are named.
      limits: of the detections, by their score after the classifier.
    """
    super().__init__()
    self._limits = limits or export.Limits()
    self.detector, self.backbone = detector, backbone
    self._head = tf.Variable(head.weights, trainable=False), tf.Variable(head.bias, trainable=False)
    self._ids = tf.Variable([labels[name] for name in head.names], trainable=False, dtype=tf.float32)
    self.name_classes = export.class_namer(labels)
    self._size, self._max_boxes = int(backbone.size), max_boxes

  @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name='input_tensor')], autograph=False)
  def detect_images(self, input_tensor: tf.Tensor) -> dict[str, tf.Tensor]:
    found = self.detector.signatures[SERVING_DEFAULT](input_tensor=input_tensor)
    return self._named(found, input_tensor, lambda image: image)

  @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='image_bytes')], autograph=False)
  def detect_bytes(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
    found = self.detector.signatures[IMAGE_BYTES](image_bytes=image_bytes)
    return self._named(found, image_bytes, decode)

  @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='tf_example')], autograph=False)
  def detect_examples(self, tf_example: tf.Tensor) -> dict[str, tf.Tensor]:
    return self.detect_bytes(records.parse_encoded(tf_example))

  def _named(self, found: dict[str, tf.Tensor], images: tf.Tensor, to_pixels: Any) -> dict[str, tf.Tensor]:
    boxes, scores, count = merged(found, self._max_boxes)

    def crops(item: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
      return crop(to_pixels(item[0]), item[1], self._size)

    cropped = tf.map_fn(crops, (images, boxes), fn_output_signature=tf.float32, parallel_iterations=32)
    features = self.backbone.embed(tf.reshape(cropped, [-1, self._size, self._size, 3]))
    weights, bias = self._head
    confidences = tf.reshape(tf.nn.softmax(features @ weights + bias), [-1, self._max_boxes, bias.shape[0]])
    scores *= tf.reduce_max(confidences, axis=2)
    order = tf.argsort(-scores, axis=1, stable=True)
    classes = tf.gather(self._ids, tf.argmax(confidences, axis=2))
    named = {
      'detection_boxes': tf.gather(boxes, order, batch_dims=1),
      'detection_scores': tf.gather(scores, order, batch_dims=1),
      'detection_classes': tf.gather(classes, order, batch_dims=1),
      'num_detections': count,
    }
    return export.limited(named, self._limits)


def merged(found: dict[str, tf.Tensor], most: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Merges boxes of one object whatever their class, by non-maximum suppression.

  Args:
    found: the detector's outputs.
    most: the best so many boxes of an image stay.

  Returns:
    (boxes [N, most, 4], scores [N, most], number of boxes [N]), the highest score first, zeros at the end.
  """
  scores = found['detection_scores']
  # What comes after num_detections is padding.
  is_box = tf.range(tf.shape(scores)[1])[tf.newaxis] < tf.cast(found['num_detections'], tf.int32)[:, tf.newaxis]
  boxes, scores, _, count = tf.image.combined_non_max_suppression(
    found['detection_boxes'][:, :, tf.newaxis],
    tf.where(is_box, scores, 0.0)[:, :, tf.newaxis],
    max_output_size_per_class=most,
    max_total_size=most,
    iou_threshold=_SAME_OBJECT_IOU,
    score_threshold=1e-8,
  )
  return tf.ensure_shape(boxes, [None, most, 4]), scores, tf.cast(count, tf.float32)


def save(model: TwoStage, directory: str) -> None:
  """Writes the SavedModel to `directory`, new or empty; the caller makes it whole by renaming."""
  signatures = {
    SERVING_DEFAULT: model.detect_images.get_concrete_function(),
    IMAGE_BYTES: model.detect_bytes.get_concrete_function(),
    TF_EXAMPLE: model.detect_examples.get_concrete_function(),
    CLASS_NAMES: model.name_classes.get_concrete_function(),
  }
  tf.saved_model.save(model, directory, signatures=signatures)


def load(path: str) -> Any:
  """The loaded SavedModel at `path`, as Detector takes it, to be the detector of a TwoStage.

  Raises:
    DataError: if there is none, or it lacks a signature that is needed.
  """
  folder = model_folder.find_saved_model(path)
  model = saved_model.load(folder)
  missing = [name for name in (SERVING_DEFAULT, IMAGE_BYTES) if name not in model.signatures]
  if missing:
    raise DataError(f'{folder}: no signature "{missing[0]}". Received {sorted(model.signatures)}. Export it again.')
  return model


def is_two_stage(model: Any) -> bool:
  """Whether a loaded SavedModel was made from a TwoStage, so that it has a detector and a backbone."""
  return hasattr(model, 'detector') and hasattr(model, 'backbone')
