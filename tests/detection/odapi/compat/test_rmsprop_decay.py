import pytest
from google.protobuf import text_format
from object_detection.protos import optimizer_pb2

RATE = 'learning_rate { constant_learning_rate { learning_rate: 0.5 } }'


@pytest.mark.slow
@pytest.mark.parametrize('averaged', ['false', 'true'])
def test_rmsprop_keeps_the_rate_that_the_schedule_says(averaged):
  from detection.odapi import compat

  compat.apply()
  import tensorflow as tf
  from object_detection.builders import optimizer_builder

  config = text_format.Parse(
    f'rms_prop_optimizer {{ {RATE} decay: 0.75 epsilon: 1e-7 momentum_optimizer_value: 0 }}'
    f' use_moving_average: {averaged}',
    optimizer_pb2.Optimizer(),
  )
  optimizer, _ = optimizer_builder.build(config, global_step=tf.Variable(0, dtype=tf.int64))
  inner = getattr(optimizer, '_optimizer', optimizer)
  weight = tf.Variable(100.0)

  taken = []
  for _ in range(30):
    before = float(weight)
    inner.apply_gradients([(tf.constant(1.0), weight)])
    taken.append(before - float(weight))

  # With a constant gradient of 1 the mean of squares is 1 - decay**step, so steps fall to the rate itself.
  assert taken[0] == pytest.approx(0.5 / (1 - 0.75) ** 0.5, rel=1e-4)
  assert taken[-1] == pytest.approx(0.5, rel=1e-3)
