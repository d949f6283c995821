"""What the event files hold, read back."""

import numpy as np
import pytest
import tensorflow as tf

from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.write_tensorboard import WriteTensorBoard
from tests.support.train_steps import at


def read(folder):
  """{(tag, step): number} of the one event file in a folder."""
  (path,) = folder.iterdir()
  return {
    (value.tag, event.step): float(tf.make_ndarray(value.tensor))
    for event in tf.compat.v1.train.summary_iterator(str(path))
    for value in event.summary.value
  }


@pytest.fixture
def time():
  return CountSeconds()


def test_losses_speed_and_learning_rate_are_written_every_so_many_steps(tmp_path, time):
  hook = WriteTensorBoard(str(tmp_path), lambda: 0.25, 20, time)
  hook.before_training(at(0))
  for step in (20, 30, 40):
    time.seconds = step / 10
    hook.after_step(at(step, 1.5), list)
  hook.after_training(at(40))
  tags = {'Loss/total_loss': 1.5, 'learning_rate': 0.25, 'steps_per_sec': 10}
  assert read(tmp_path / 'train') == {(tag, step): value for tag, value in tags.items() for step in (20, 40)}


def test_each_evaluation_is_written_with_what_it_has_to_show(tmp_path, time):
  hook = WriteTensorBoard(str(tmp_path), lambda: 0.1, 20, time, lambda: tf.summary.scalar('shown', 7))
  hook.before_training(at(0))
  for step in (10, 20):
    hook.after_evaluation(at(step), {'AP': 0.5, 'AP_small': np.nan, 'eval/Loss/total_loss': 1.0})
  hook.after_training(at(20))
  tags = {'AP': 0.5, 'Loss/total_loss': 1.0, 'shown': 7}
  assert read(tmp_path / 'eval') == {(tag, step): value for tag, value in tags.items() for step in (10, 20)}
