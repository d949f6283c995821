import types

import numpy as np
import pytest
import tensorflow as tf

from detection.odapi.config import config_io
from detection.odapi.model.optimization import MovingAverages, Optimization

RATES = 'manual_step_learning_rate { initial_learning_rate: 0.5 schedule { step: 1 learning_rate: 0.25 } }'
SGD = f'momentum_optimizer {{ learning_rate {{ {RATES} }} momentum_optimizer_value: 0.0 }} use_moving_average: false'


def optimization(clip=0.0):
  config = config_io.parse(f'train_config {{ gradient_clipping_by_norm: {clip} optimizer {{ {SGD} }} }}')
  step = tf.Variable(0, dtype=tf.int64)
  return Optimization(config, step, 'float32'), step


def test_the_rate_follows_the_schedule_and_the_scale():
  built, step = optimization()
  assert built.learning_rate() == pytest.approx(0.5)
  step.assign(1)
  built.rate_scale.assign(0.1)
  assert built.learning_rate() == pytest.approx(0.025)


@pytest.mark.parametrize(('clip', 'expected'), [(0.0, [-1.5, -2.0]), (1.0, [-0.3, -0.4])])
def test_a_step_goes_against_gradients_that_are_clipped_by_their_norm(clip, expected):
  built, _ = optimization(clip)
  weight = tf.Variable([0.0, 0.0])
  built.create_slots(None, [weight])
  built.apply([tf.constant([3.0, 4.0])], [weight])
  np.testing.assert_allclose(weight, expected, rtol=1e-6)


def averages(use_moving_averages):
  """(MovingAverages, weight): the weight is 1, its average 5."""
  config = config_io.parse(f'eval_config {{ use_moving_averages: {str(use_moving_averages).lower()} }}')
  weight, average = tf.Variable(1.0), tf.Variable(5.0)
  return MovingAverages(config, types.SimpleNamespace(get_slot=lambda variable, name: average), [weight]), weight


@pytest.mark.parametrize(('used', 'within'), [(True, 5.0), (False, 1.0)])
def test_the_evaluated_weights_are_there_within_the_block_alone(used, within):
  kept, weight = averages(used)
  with kept.in_place():
    assert float(weight) == within
  assert float(weight) == 1.0
  kept.keep()
  assert float(weight) == within


def test_the_trained_weights_come_back_after_an_error():
  kept, weight = averages(True)
  with pytest.raises(RuntimeError), kept.in_place():
    raise RuntimeError
  assert float(weight) == 1.0
