"""Batch norm becomes part of the convolution before it."""

import numpy as np
import pytest
import tensorflow as tf

from detection.odapi.model.folding import fold

IMAGES = np.random.default_rng(0).normal(size=(2, 9, 9, 4)).astype(np.float32)


def values(*shape, seed=1, low=0.5):
  return tf.constant(np.random.default_rng(seed).uniform(low, low + 1, shape), tf.float32)


def norm(outputs, variance=None):
  """Batch norm of inference, with parameters that differ by channel."""
  count = outputs.shape[-1]
  parameters = [values(count, seed=seed, low=-0.2 if seed < 4 else 0.5) for seed in (2, 3, 4)]
  scale, offset, mean = parameters
  variance = values(count, seed=5) if variance is None else variance
  return tf.compat.v1.nn.fused_batch_norm(outputs, scale, offset, mean, variance, epsilon=1e-3, is_training=False)[0]


def plain(x):
  return norm(tf.nn.conv2d(x, values(3, 3, 4, 5), 1, 'SAME'))


def biased(x):
  return norm(tf.nn.bias_add(tf.nn.conv2d(x, values(3, 3, 4, 5), 2, 'VALID'), values(5, seed=9)))


def depthwise(x):
  return norm(tf.nn.depthwise_conv2d(x, values(3, 3, 4, 2), [1, 1, 1, 1], 'SAME'))


def shared(x):
  weights = values(1, 1, 4, 5)
  return norm(tf.nn.conv2d(x, weights, 1, 'SAME')) + norm(tf.nn.conv2d(2 * x, weights, 1, 'SAME'), values(5, seed=6))


def shared_and_large(x):
  weights = values(3, 3, 4, 2000)
  one, other = tf.nn.conv2d(x, weights, 1, 'SAME'), tf.nn.conv2d(2 * x, weights, 1, 'SAME')
  return norm(one) + other


def read_twice(x):
  convolved = tf.nn.conv2d(x, values(3, 3, 4, 5), 1, 'SAME')
  return norm(convolved) + convolved


def no_convolution(x):
  return norm(tf.nn.relu(x))


def weights_of_the_input(x):
  return norm(tf.nn.conv2d(x, x[0, :3, :3, :, tf.newaxis], 1, 'SAME'))


@pytest.mark.parametrize(
  ('network', 'count'),
  [
    pytest.param(plain, 1, id='a convolution'),
    pytest.param(biased, 1, id='a convolution with a bias'),
    pytest.param(depthwise, 1, id='a depthwise convolution with a multiplier'),
    pytest.param(shared, 2, id='weights that two convolutions share'),
    pytest.param(shared_and_large, 0, id='so large weights that a second copy of them does not pay'),
    pytest.param(read_twice, 0, id='a convolution that is also read without it'),
    pytest.param(no_convolution, 0, id='no convolution before it'),
    pytest.param(weights_of_the_input, 0, id='weights that are no constants'),
  ],
)
def test_batch_norm_is_folded_where_the_outputs_stay(network, count):
  spec = tf.TensorSpec([2, 9, 9, 4], tf.float32)
  traced = tf.function(network, autograph=False).get_concrete_function(spec)
  graph = traced.graph.as_graph_def()
  assert fold(graph) == count
  assert sum(node.op == 'FusedBatchNormV3' for node in graph.node) == (0 if count else 1)

  def folded(x):
    (found,) = tf.graph_util.import_graph_def(
      graph, input_map={traced.inputs[0].name: x}, return_elements=[traced.outputs[0].name]
    )
    return found

  # Numbers of up to 5, whose sums are in another order.
  np.testing.assert_allclose(tf.function(folded)(IMAGES), network(tf.constant(IMAGES)), rtol=1e-5, atol=1e-5)


def test_batch_norm_of_training_stays():
  def network(x):
    ones = tf.ones(5)
    return tf.compat.v1.nn.fused_batch_norm(tf.nn.conv2d(x, values(3, 3, 4, 5), 1, 'SAME'), ones, ones)[0]

  graph = tf.function(network, autograph=False).get_concrete_function(tf.TensorSpec([2, 9, 9, 4])).graph.as_graph_def()
  assert fold(graph) == 0
