"""autoaugment_image turns, moves and shears with tf.contrib, which TF 2 lacks. The model garden's own do the same."""

import types
from typing import Any

import tensorflow as tf

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2')


def apply() -> None:
  from object_detection.utils import autoaugment_utils

  autoaugment_utils.contrib_image = types.SimpleNamespace(transform=_transform, rotate=_rotate, translate=_translate)
  autoaugment_utils.contrib_training = types.SimpleNamespace(HParams=types.SimpleNamespace)


def _transform(image: tf.Tensor, transforms: Any) -> tf.Tensor:
  from official.vision.ops import augment

  # What comes in from outside is filled with zeros: the mask that autoaugment wraps around an image counts on it.
  return augment.transform(image, transforms, fill_mode='constant')


def _rotate(image: tf.Tensor, radians: tf.Tensor) -> tf.Tensor:
  from official.vision.ops import augment

  height, width = (tf.cast(side, tf.float32) for side in tf.unstack(tf.shape(image)[:2]))
  return _transform(image, augment._convert_angles_to_transform(radians, width, height))


def _translate(image: tf.Tensor, shift: Any) -> tf.Tensor:
  from official.vision.ops import augment

  return _transform(image, augment._convert_translation_to_transform(shift))
