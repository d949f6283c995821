"""Checkpoints of a training: what is kept, what is passed over, what is refused."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import DataError
from detection.odapi.model.engine import Engine
from detection.training.checkpoints import BestCheckpoint, Checkpoints
from detection.training.hooks.keep_best import Best, KeepBest
from detection.training.state import TrainState

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def engine(patched):
  tf.keras.utils.set_random_seed(0)
  return Engine(patched()[0])


def checkpoints_of(engine, folder, keep=3):
  """(Checkpoints, TrainState, a hook whose state is kept in them)."""
  state, hook = TrainState(num_steps=10), KeepBest(lambda step: None, 'AP')
  kept = Checkpoints(str(folder), engine, state, keep)
  kept.include_hooks([hook])
  return kept, state, hook


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(engine, tmp_path):
  kept, state, hook = checkpoints_of(engine, tmp_path)
  for step in (1, 2, 3):
    engine.global_step.assign(step)
    state.step, hook.best = step, Best(step / 10, step)
    kept.save()
  (tmp_path / 'ckpt-3.index').write_bytes((tmp_path / 'ckpt-3.index').read_bytes()[:100])
  data = tmp_path / 'ckpt-2.data-00000-of-00001'
  data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
  assert kept.restore_latest() == str(tmp_path / 'ckpt-1')
  assert (state.step, hook.best, int(engine.global_step)) == (1, Best(0.1, 1), 1)


def test_so_many_of_the_latest_checkpoints_are_kept_over_a_restart(engine, tmp_path):
  for steps in ((1, 2, 3), (4, 5)):
    kept, state, _ = checkpoints_of(engine, tmp_path, keep=2)
    for step in steps:
      state.step = step
      kept.save()
  assert sorted(path.name for path in tmp_path.glob('*.index')) == ['ckpt-4.index', 'ckpt-5.index']


def test_without_a_checkpoint_nothing_is_restored(engine, tmp_path):
  assert checkpoints_of(engine, tmp_path)[0].restore_latest() is None


def test_a_checkpoint_of_another_architecture_is_refused_by_name(engine, tmp_path):
  tf.train.CheckpointManager(tf.train.Checkpoint(step=engine.global_step), str(tmp_path), 1).save(checkpoint_number=5)
  with pytest.raises(DataError, match=r'ckpt-5: checkpoint of another architecture'):
    checkpoints_of(engine, tmp_path)[0].restore_latest()


def test_two_hooks_of_one_class_with_a_state_are_refused_before_anything_is_saved(engine, tmp_path):
  kept, _, hook = checkpoints_of(engine, tmp_path)
  with pytest.raises(ValueError, match='expected one KeepBest'):
    kept.include_hooks([hook, KeepBest(lambda step: None, 'AP50')])


def test_the_best_weights_come_back(engine, tmp_path):
  best, variable = BestCheckpoint(str(tmp_path), engine.model), engine.trainable[0]
  values = variable.numpy()
  best.save(3)
  variable.assign(values + 1)
  best.restore()
  np.testing.assert_array_equal(variable.numpy(), values)
