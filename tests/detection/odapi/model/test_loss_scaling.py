import pytest
import tensorflow as tf

from detection.odapi.model import loss_scaling


@pytest.mark.parametrize('precision', ['float32', 'mixed_bfloat16'])
def test_only_float16_needs_it(precision):
  optimizer = tf.keras.optimizers.legacy.SGD(0.1)
  assert loss_scaling.wrap(optimizer, precision) is optimizer
  assert float(loss_scaling.scaled(optimizer, tf.constant(2.0))) == 2.0
  gradients = [tf.constant(3.0)]
  assert loss_scaling.unscaled(optimizer, gradients) is gradients


def test_gradients_of_the_scaled_loss_become_those_of_the_loss():
  optimizer = loss_scaling.wrap(tf.keras.optimizers.legacy.SGD(0.1), 'mixed_float16')
  weight = tf.Variable(2.0)
  with tf.GradientTape() as tape:
    loss = loss_scaling.scaled(optimizer, weight * weight)
  assert float(loss) > 1000
  (gradient,) = loss_scaling.unscaled(optimizer, tape.gradient(loss, [weight]))
  assert float(gradient) == 4.0
