"""Which hooks a training has; the model is a stand-in."""

import types

import pytest

from detection.odapi.config import config_io
from detection.training import wiring
from detection.training.hooks.hook import Hook
from detection.training.hooks.refuse_non_finite import RefuseNonFinite
from detection.training.hooks.roll_back import RollBack
from detection.training.hooks.stop_early import StopEarly
from detection.training.hooks.stop_on_signal import StopOnSignal
from detection.training.parts import Task
from detection.training.settings import TrainSettings
from detection.training.work_folder import WorkFolder


@pytest.fixture
def wire(tmp_path, monkeypatch):
  monkeypatch.setattr(wiring, 'TrainingEvaluation', lambda *given, **named: types.SimpleNamespace(**named))

  def wire(*extra_hooks, **settings):
    config = config_io.parse('train_config { batch_size: 8 }')
    checkpoints = types.SimpleNamespace(save=None, go_back=None, include_hooks=lambda hooks: kept.extend(hooks))
    engine = types.SimpleNamespace(
      config=config, learning_rate=None, rate_scale=types.SimpleNamespace(assign=lambda scale: None)
    )
    task = Task(config, {'cat': 1}, TrainSettings(**settings))
    kept = []
    parts = types.SimpleNamespace(task=task, engine=engine, checkpoints=checkpoints, best=None)
    parts.work = WorkFolder(str(tmp_path), str(tmp_path))
    wired = wiring.wire(parts, extra_hooks)
    assert kept == list(wired.hooks)  # the state of each is in the checkpoints
    return wired

  return wire


def kinds(wired):
  return {type(hook) for hook in wired.hooks}


def test_hooks_that_must_be_asked_for_are_there_only_then(wire):
  assert not {RollBack, StopEarly} & kinds(wire())
  asked = wire(rollback={'times': 1}, early_stopping={'patience': 3})
  assert {RollBack, StopEarly} <= kinds(asked)
  assert asked.measured.roll_back in asked.hooks


def test_a_loss_that_is_not_finite_has_one_guard(wire):
  assert RefuseNonFinite in kinds(wire())
  assert RefuseNonFinite not in kinds(wire(rollback={'times': 1}))


def test_further_hooks_are_called_too(wire):
  extra = Hook()
  assert extra in wire(extra).hooks


def test_a_signal_ends_an_evaluation_under_way(wire):
  wired = wire()
  (stop,) = (hook for hook in wired.hooks if isinstance(hook, StopOnSignal))
  assert not wired.evaluate.is_stopped()
  stop.asked = True
  assert wired.evaluate.is_stopped()
