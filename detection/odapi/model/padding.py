"""Labels that are padded to equal numbers of boxes, cut to what a batch needs."""

from collections.abc import Mapping

import tensorflow as tf

from detection.odapi.model.fields import InputDataFields

# Labels over the classes, [batch, classes]; whatever else has as many rows as there are padded boxes is of the boxes.
_OVER_CLASSES = frozenset(
  {
    InputDataFields.groundtruth_image_classes,
    InputDataFields.groundtruth_image_confidences,
    InputDataFields.groundtruth_labeled_classes,
    InputDataFields.groundtruth_verified_neg_classes,
    InputDataFields.groundtruth_not_exhaustive_classes,
  }
)


def without_padding(labels: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Labels cut to the boxes of the batch's fullest image: matching an empty box costs as much as a real one.

  Args:
    labels: padded to equal counts, [batch, max_number_of_boxes, ...]. At least one row is left.
  """
  padded = labels[InputDataFields.groundtruth_boxes].shape[1]
  most = tf.maximum(tf.reduce_max(labels[InputDataFields.num_groundtruth_boxes]), 1)

  def cut(name: str, value: tf.Tensor) -> tf.Tensor:
    is_of_boxes = value.shape.rank > 1 and value.shape[1] == padded and name not in _OVER_CLASSES
    return value[:, :most] if is_of_boxes else value

  return {name: cut(name, value) for name, value in labels.items()}
