import types

import numpy as np
import pytest
import tensorflow as tf

from detection.odapi.model import gradients

LABELS = {'num_groundtruth_boxes': tf.constant([1]), 'groundtruth_boxes': tf.zeros([1, 5, 4])}


class Squares:
  """The loss weight * weight * x, and what it was called with."""

  helpers: dict = {}

  def __init__(self, model, weight):
    self.model, self.weight, self.seen = model, weight, []

  def __call__(self, features, labels):
    self.seen.append((self.model._is_training, labels['groundtruth_boxes'].shape[1], set(features)))
    loss = self.weight * self.weight * features['x']
    return {'loss': loss}, loss


@pytest.fixture
def squares():
  return Squares(types.SimpleNamespace(_is_training=False), tf.Variable(3.0))


def differentiated(squares, replicas=1):
  unused = tf.Variable(1.0)
  optimizer = tf.keras.optimizers.legacy.SGD(0.1)
  return gradients.Gradients(squares, squares.model, [squares.weight, unused], optimizer, replicas)


def test_losses_and_gradients_are_a_replicas_part_of_the_whole(squares):
  features = {'x': tf.constant(2.0), 'source_id': tf.constant(['a'])}
  losses, (gradient, none) = differentiated(squares, replicas=2).of(features, LABELS)
  assert (float(losses['loss']), float(gradient), none) == (9.0, 6.0, None)
  assert squares.seen == [(True, 1, {'x', 'source_id'})]
  assert not squares.model._is_training


def test_compiled_it_is_the_same_without_strings_and_with_known_shapes(squares):
  features = {'x': tf.constant(2.0), 'source_id': tf.constant(['a'])}
  losses, (gradient, none) = differentiated(squares).compiled()(features, LABELS)
  assert (float(losses['loss']), float(gradient), none) == (18.0, 12.0, None)
  assert squares.seen == [(True, 5, {'x'})]


def test_parts_are_averaged_and_a_part_without_a_gradient_counts_as_zero():
  parts = [
    ({'loss': tf.constant(1.0)}, [tf.constant([2.0, 4.0]), tf.constant(6.0), None]),
    ({'loss': tf.constant(3.0)}, [tf.constant([4.0, 8.0]), tf.constant(2.0), None]),
  ]
  losses, (first, second, third) = gradients.mean(parts)
  assert float(losses['loss']) == 2.0
  np.testing.assert_array_equal(first, [3.0, 6.0])
  assert (float(second), third) == (4.0, None)
