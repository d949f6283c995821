import types

import tensorflow as tf

from detection.odapi.config import config_io
from detection.odapi.model import inputs
from detection.odapi.model.losses import TOTAL_LOSS
from detection.odapi.model.method import SUPERVISED, DetectionObjective


def test_supervised_training_makes_the_detectors_total_loss_smaller():
  seen = []

  def compute(features, labels, step, unpad):
    seen.append((features, labels, step, unpad))
    return {TOTAL_LOSS: tf.constant(2.0), 'Loss/one': tf.constant(1.0)}, {}

  config = config_io.parse('train_config { unpad_groundtruth_tensors: false }')
  step = tf.Variable(7, dtype=tf.int64)
  objective = DetectionObjective(types.SimpleNamespace(config=config, compute=compute), step)
  losses, target = objective({'x': 1}, {'y': 2})
  assert (set(losses), float(target), objective.helpers) == ({TOTAL_LOSS, 'Loss/one'}, 2.0, {})
  ((features, labels, given_step, unpad),) = seen
  assert (features, labels, int(given_step), unpad) == ({'x': 1}, {'y': 2}, 7, False)
  # The variable itself would be kept by the model, and so get into every checkpoint.
  assert not isinstance(given_step, tf.Variable)


def test_supervised_training_reads_the_train_split():
  assert SUPERVISED.batches is inputs.train_batches
  assert SUPERVISED.objective is DetectionObjective
