"""Real trainings of a few steps: freezing, restarts, kills; several workers: tests/kubeflow/test_manifests.py."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.odapi.model.engine import Engine
from detection.training import training
from detection.training.checkpoints import Checkpoints
from detection.training.hooks.hook import Hook, TrainingError
from detection.training.parts import Task
from detection.training.settings import TrainSettings
from detection.training.state import TrainState

pytestmark = pytest.mark.slow

QUICK = {'eval_every': 0, 'eval_images': 4}


def test_a_watched_class_that_there_is_not_is_refused_before_a_model_is_built(patched, tmp_path, monkeypatch):
  config, labels = patched()
  monkeypatch.delattr(training, 'build')
  with pytest.raises(ConfigError, match=r'^train\.watch: no class "dog"\. Expected one of \[.circle., .square., .tria'):
    training.train(Task(config, labels, TrainSettings(watch='AP50/dog')), str(tmp_path))


@pytest.fixture
def eagerly():
  """Tracing is what so few steps would spend their time on."""
  tf.config.run_functions_eagerly(True)
  yield
  tf.config.run_functions_eagerly(False)


def few_steps(patched, steps, learning_rate=None):
  """(config, labels) for so many steps at a constant rate, if one is given."""
  config, labels = patched()
  config.train_config.num_steps = steps
  if learning_rate is not None:
    optimizer = getattr(config.train_config.optimizer, config.train_config.optimizer.WhichOneof('optimizer'))
    optimizer.learning_rate.constant_learning_rate.learning_rate = learning_rate
  return config, labels


def test_averaged_weights_are_the_best_ones_and_those_exported(patched, tmp_path, eagerly):
  config, labels = few_steps(patched, 3)
  config.train_config.optimizer.use_moving_average = True
  config.eval_config.use_moving_averages = True
  trained = training.train(Task(config, labels, TrainSettings(**QUICK)), str(tmp_path))
  engine = trained.engine
  exported = {variable.name: variable.numpy() for variable in engine.trainable}
  averages = {v.name: engine.optimizer.get_slot(v, 'average').numpy() for v in engine.trainable}
  assert trained.exported_step == trained.best.step == 3
  assert all(np.array_equal(exported[name], averages[name]) for name in averages)
  last = Checkpoints(str(tmp_path / 'checkpoints'), engine, TrainState(num_steps=3), keep=1)
  last.restore_latest()
  assert any(not np.array_equal(exported[variable.name], variable.numpy()) for variable in engine.trainable)


def test_a_loss_that_is_not_finite_ends_training_and_names_the_images(patched, tmp_path, eagerly):
  config, labels = few_steps(patched, 6, learning_rate=1e20)
  with pytest.raises(TrainingError, match=r'step \d: Loss/\w+ is (nan|inf).*Images of the batch: \S*sample-\d+'):
    training.train(Task(config, labels, TrainSettings(**QUICK)), str(tmp_path))
  engine = Engine(config)
  kept = Checkpoints(str(tmp_path / 'checkpoints'), engine, TrainState(num_steps=6), keep=1)
  assert kept.restore_latest()
  assert all(np.isfinite(variable.numpy()).all() for variable in engine.trainable)


def test_a_loss_that_blows_up_goes_back_and_on_at_a_lower_rate(patched, tmp_path, eagerly, capsys):
  config, labels = few_steps(patched, 4, learning_rate=1e20)
  settings = TrainSettings(rollback={'times': 1, 'factor': 1e-24, 'blow_up': 10}, **QUICK)
  trained = training.train(Task(config, labels, settings), str(tmp_path))
  assert 'blew up; back to step 0, learning rate times 1e-24' in capsys.readouterr().out
  assert (trained.state.step, trained.rollbacks) == (4, 1)
  assert trained.engine.learning_rate() == pytest.approx(1e-4)
  assert all(np.isfinite(variable.numpy()).all() for variable in trained.engine.trainable)


class Terminate(Hook):
  """Sends this process SIGTERM after a step."""

  def __init__(self, step):
    self._step = step

  def after_step(self, state, image_ids):
    if state.step == self._step:
      os.kill(os.getpid(), signal.SIGTERM)


def test_asked_to_stop_in_an_evaluation_it_saves_and_evaluates_when_it_goes_on(patched, tmp_path, eagerly):
  config, labels = few_steps(patched, 2)
  settings = TrainSettings(**{**QUICK, 'eval_every': 1})
  with pytest.raises(SystemExit, match='143'):
    training.train(Task(config, labels, settings), str(tmp_path), extra_hooks=[Terminate(2)])
  assert [json.loads(line)['step'] for line in (tmp_path / 'history.jsonl').read_text().splitlines()] == [1]
  trained = training.train(Task(config, labels, settings), str(tmp_path))
  assert [row['step'] for row in trained.history] == [1, 2]
  assert trained.state.step == 2


def test_equal_seeds_give_equal_losses(patched, tmp_path):
  config, labels = patched()
  curves = []
  for name in ('a', 'b'):
    trained = training.train(Task(config, labels, TrainSettings(seed=3, **QUICK)), str(tmp_path / name))
    curves.append(trained.history[-1])
  first, second = ({k: v for k, v in curve.items() if k != 'seconds'} for curve in curves)
  assert first == second


TRAIN = textwrap.dedent("""
  import sys
  from detection.odapi import label_map
  from detection.odapi.config import config_io
  from detection.odapi.model import devices
  from detection.training import training
  from detection.training.parts import Task
  from detection.training.settings import TrainSettings
  config_path, labels_path, work = sys.argv[1:4]
  strategy = devices.choose_strategy()
  config = config_io.parse(open(config_path).read())
  labels = label_map.parse(open(labels_path).read())
  settings = TrainSettings(eval_every=10, eval_images=4, checkpoint_every=3, keep_checkpoint_max=3)
  trained = training.train(Task(config, labels, settings), work, strategy)
  print('FINISHED', trained.state.step, int(trained.engine.global_step.numpy()), trained.exported_step, 'at rate',
        trained.engine.learning_rate())
""")


def start_training(finished_run, config, tmp_path, **environment):
  path = tmp_path / 'pipeline.config'
  path.write_text(config_io.dump(config))
  labels = finished_run.artifact('LabelMapGen', 'label_map') / 'label_map.pbtxt'
  command = [sys.executable, '-c', TRAIN, str(path), str(labels), str(tmp_path / 'work')]
  env = {**os.environ, 'CUDA_VISIBLE_DEVICES': '-1', **environment}
  root = pathlib.Path(__file__).parents[3]
  return subprocess.Popen(command, env=env, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def read_until(process, text, timeout=240):
  """Lines of a process's output up to one that has `text`; fails with all of them if it never comes."""
  lines, deadline = [], time.monotonic() + timeout
  for line in process.stdout:
    lines.append(line)
    if text in line:
      return lines
    if time.monotonic() > deadline:
      break
  process.kill()
  pytest.fail(f'"{text}" was never printed:\n' + ''.join(lines))


def latest_step(work, broken=None):
  steps = [int(p.name.split('-')[1].split('.')[0]) for p in (work / 'checkpoints').glob('ckpt-*.index') if p != broken]
  return max(steps, default=0)


def test_killed_at_random_moments_it_ends_at_the_right_step_with_one_history(finished_run, patched, tmp_path):
  config, _ = patched()
  config.train_config.num_steps = 60
  work, rng = tmp_path / 'work', np.random.default_rng(7)
  # A write that a kill cut short: an index whose data is not there.
  broken = work / 'checkpoints' / 'ckpt-59.index'
  reached = 0
  for _ in range(3):
    process = start_training(finished_run, config, tmp_path)
    read_until(process, 'first step after')
    while process.poll() is None and latest_step(work, broken) <= reached:
      time.sleep(0.01)
    time.sleep(float(rng.uniform(0, 0.3)))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, process.stdout.read()
    assert latest_step(work, broken) > reached, 'more than one checkpoint interval was lost'
    reached = latest_step(work, broken)
    whole = (work / 'checkpoints' / f'ckpt-{reached}.index').read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
  lines = read_until(start_training(finished_run, config, tmp_path), 'FINISHED')
  assert lines[-1].startswith('FINISHED 60 60 ')
  rows = [json.loads(line) for line in (work / 'history.jsonl').read_text().splitlines()]
  assert [row['step'] for row in rows] == [10, 20, 30, 40, 50, 60]
