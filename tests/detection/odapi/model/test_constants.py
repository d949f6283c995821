"""A traced function becomes one of constants."""

import numpy as np
import pytest
import tensorflow as tf

from detection.odapi.model import constants

SPECS = [tf.TensorSpec([None, 2]), tf.TensorSpec([None])]


def trace(function):
  return tf.function(function, autograph=False).get_concrete_function(*SPECS)


def test_values_are_those_at_the_time_of_freezing_and_variables_are_gone():
  weights, offset = tf.Variable([1.0, 2.0]), tf.range(1000.0)  # a tensor this large is captured, not copied
  traced = trace(lambda x, y: {'b': x * weights + offset[3] + x * weights, 'a': y})
  frozen = tf.function(constants.frozen(traced), input_signature=SPECS)
  x, y = np.array([[1, 1], [2, 3]], np.float32), np.array([7], np.float32)
  expected = {'a': [7], 'b': [[5, 7], [7, 15]]}
  weights.assign([0.0, 0.0])
  for name, value in frozen(x, y).items():
    np.testing.assert_array_equal(value, expected[name])
  assert not frozen.get_concrete_function().captured_inputs


def test_a_variable_that_an_output_only_waits_for_is_left_out():
  big = tf.Variable(tf.zeros([1000]))

  def read_and_wait(x, y):
    with tf.control_dependencies([big.value()]):
      return {'a': x + 1.0}

  frozen = tf.function(constants.frozen(trace(read_and_wait)), input_signature=SPECS).get_concrete_function()
  assert frozen.graph.as_graph_def().ByteSize() < 1_000
  np.testing.assert_array_equal(frozen(tf.ones([1, 2]), tf.ones([1]))['a'], [[2, 2]])


def test_what_no_output_needs_is_left_out():
  big = tf.Variable(tf.zeros([1000]))
  traced = trace(lambda x, y: {'a': x + 1.0, 'size': tf.size(y) + 0 * tf.size(big)})
  unused = trace(lambda x, y: (tf.print(big), {'a': x + 1.0})[1])
  for function in (traced, unused):
    frozen = tf.function(constants.frozen(function), input_signature=SPECS).get_concrete_function()
    assert frozen.graph.as_graph_def().ByteSize() < 10_000


@pytest.mark.parametrize(
  'hand_on',
  [
    pytest.param(lambda v, x: tf.cond(tf.size(x) > 3, lambda: x * v, lambda: x), id='to a branch'),
    pytest.param(lambda v, x: tf.function(lambda x: x * v)(x), id='to a function'),
  ],
)
def test_a_variable_that_is_handed_on_is_not_frozen(hand_on):
  weights = tf.Variable([1.0, 2.0])
  assert constants.frozen(trace(lambda x, y: {'a': hand_on(weights, x)})) is None


def test_a_branch_that_reads_no_variable_goes_along():
  weights = tf.Variable([1.0, 2.0])
  traced = trace(lambda x, y: {'a': tf.cond(tf.size(x) > 3, lambda: x * 2.0, lambda: x) * weights})
  frozen = tf.function(constants.frozen(traced), input_signature=SPECS)
  np.testing.assert_array_equal(frozen(tf.ones([2, 2]), tf.ones([1]))['a'], [[2, 4], [2, 4]])
  np.testing.assert_array_equal(frozen(tf.ones([1, 2]), tf.ones([1]))['a'], [[1, 2]])


def test_large_weights_are_kept_beside_the_function(tmp_path, monkeypatch):
  weights = tf.Variable(tf.range(5000.0))
  traced = trace(lambda x, y: {'a': x * weights[4000] + y[:, tf.newaxis]})
  monkeypatch.setattr(constants, '_MOST_WITHIN', 10_000)
  frozen = tf.function(constants.frozen(traced), input_signature=SPECS).get_concrete_function()
  weights.assign(tf.zeros(5000))
  assert frozen.graph.as_graph_def().ByteSize() < 10_000
  tf.saved_model.save(tf.Module(), str(tmp_path), signatures=frozen)
  x, y = tf.constant([[1.0, 2.0]]), tf.constant([7.0])
  loaded = tf.saved_model.load(str(tmp_path))
  for found in (frozen(x, y), loaded.signatures['serving_default'](tensors_0=x, tensors_1=y)):
    np.testing.assert_array_equal(found['a'], [[4007, 8007]])


def test_what_has_a_gradient_of_its_own_can_be_saved(tmp_path):
  weights = tf.Variable([1.0, 2.0])
  traced = trace(lambda x, y: {'a': tf.nn.swish(x * weights)})
  module = tf.Module()
  module.run = tf.function(constants.frozen(traced), input_signature=SPECS)
  tf.saved_model.save(module, str(tmp_path), signatures=module.run.get_concrete_function())
  x, y = tf.constant([[1.0, 2.0]]), tf.constant([0.0])
  np.testing.assert_array_equal(tf.saved_model.load(str(tmp_path)).run(x, y)['a'], traced(x, y)['a'])
