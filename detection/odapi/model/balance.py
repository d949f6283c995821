"""Rare classes: how often an image is shown, and how much an object weighs in the loss, by class.

Images are repeated as in LVIS (Gupta et al. 2019, arXiv:1908.03195, section 4): an image has the largest repeat factor
of the classes in it. A factor of 2.3 is two showings in every epoch, and a third one in 3 epochs of 10.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from detection.odapi.model.fields import InputDataFields


@dataclasses.dataclass(frozen=True)
class Balance:
  """Factors of each class, in the order of ids from 1.

  repeats: how often an image that has the class is shown in an epoch, 1 or more.
  weights: what the weight of an object is multiplied by.
  """

  repeats: Sequence[float]
  weights: Sequence[float]

  def most_images(self, count: int) -> int:
    """How many images an epoch may have, of `count` different ones."""
    return count * math.ceil(max(self.repeats, default=1.0))

  def weighted(self, decoded: tf.data.Dataset) -> tf.data.Dataset:
    """Multiplies the weights of the objects of decoded examples, those of image/object/weight or ones."""
    if set(self.weights) <= {1.0}:
      return decoded
    table = tf.constant([1.0, *self.weights], tf.float32)
    weight, of = InputDataFields.groundtruth_weights, InputDataFields.groundtruth_classes

    @tf.autograph.experimental.do_not_convert
    def weighted(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
      return {**example, weight: example[weight] * tf.gather(table, example[of])}

    return decoded.map(weighted)

  def repeated(self, examples: tf.data.Dataset, seed: int) -> tf.data.Dataset:
    """One epoch in which each example stands as often as its classes ask for, in another way in each epoch."""
    if set(self.repeats) <= {1.0}:
      return examples
    chances = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)

    @tf.autograph.experimental.do_not_convert
    def copies(example: Any, chance: tf.Tensor) -> tf.data.Dataset:
      factor = self._factor(example)
      whole = tf.floor(factor)
      # `chance` is one of the 2**32 first whole numbers.
      more = tf.cast(chance, tf.float64) / 2.0**32 < tf.cast(factor - whole, tf.float64)
      return tf.data.Dataset.from_tensors(example).repeat(tf.cast(whole, tf.int64) + tf.cast(more, tf.int64))

    return tf.data.Dataset.zip((examples, chances)).flat_map(copies)

  def _factor(self, example: Any) -> tf.Tensor:
    """The largest repeat factor of an example's classes; 1 without objects.

    example: decoded, with class ids from 1; or (features, labels) as the model takes them, with one-hot classes.
    """
    factors = tf.constant(self.repeats, tf.float32)
    if isinstance(example, Mapping):
      found = tf.gather(factors, example[InputDataFields.groundtruth_classes] - 1)
    else:
      found = tf.reshape(tf.cast(example[1][InputDataFields.groundtruth_classes], tf.float32) * factors, [-1])
    return tf.reduce_max(tf.concat([found, [1.0]], axis=0))
