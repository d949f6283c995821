"""Hooks, one promise at a time; no model is needed to tell them what happened."""

import math
import os
import signal

import pytest

from detection.training import hooks
from detection.training.state import Best, TrainState

NAN = float('nan')


def at(step, loss=1.0, **state):
  return TrainState(num_steps=100, step=step, losses={hooks.TOTAL_LOSS: loss}, **state)


def ids():
  return ['a.jpg', 'b.jpg']


class Clock:
  def __init__(self):
    self.now = 0.0

  def __call__(self):
    return self.now


@pytest.mark.parametrize('loss', [NAN, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_training_and_names_step_and_images(loss):
  with pytest.raises(hooks.TrainingError, match=r'step 7: Loss/total_loss.*a\.jpg, b\.jpg'):
    hooks.RefuseNonFinite().after_step(at(7, loss), ids)


def test_a_finite_loss_passes():
  assert hooks.RefuseNonFinite().after_step(at(7, 1e9), ids) is None


@pytest.mark.parametrize(
  ('best', 'value', 'kept'),
  [
    pytest.param(None, 0.1, True, id='the first is the best'),
    pytest.param(Best(0.2, 5), 0.3, True, id='higher'),
    pytest.param(Best(0.2, 5), 0.2, False, id='equal'),
    pytest.param(Best(0.2, 5), 0.1, False, id='lower'),
    pytest.param(None, NAN, False, id='NaN is never best, not even the first'),
  ],
)
def test_keeping_the_best(best, value, kept):
  saved = []
  state = at(10, best=best)
  hooks.KeepBest(saved.append, 'AP').after_evaluation(state, {'AP': value})
  assert saved == ([10] if kept else [])
  assert state.best == (Best(value, 10) if kept else best)


def test_training_stops_when_the_metric_has_not_risen_for_patience_evaluations():
  state = at(0)
  stop, record = hooks.StopEarly('AP', patience=2, min_delta=0.01), hooks.RecordHistory()
  stopped_after = []
  for value in (0.1, 0.2, 0.205, 0.2, 0.3):
    stop.after_evaluation(state, {'AP': value})
    record.after_evaluation(state, {'AP': value})
    stopped_after.append(bool(state.stop))
  assert stopped_after == [False, False, False, True, True]


def test_what_cannot_be_measured_is_left_out_of_the_history_and_is_no_gain():
  state = at(0)
  stop, record = hooks.StopEarly('AP_small', patience=2, min_delta=0.01), hooks.RecordHistory()
  for metrics in ({'AP_small': 0.5}, {'AP_small': NAN, 'AP50/cat': NAN, 'eval/Loss/total_loss': NAN}):
    stop.after_evaluation(state, metrics)
    record.after_evaluation(state, metrics)
  assert state.evaluations_without_gain == 1
  first, second = ({name for name in row if name not in ('step', 'seconds')} for row in state.history)
  assert (first, second) == (
    {'AP_small', 'train/Loss/total_loss'},
    {'eval/Loss/total_loss', 'train/Loss/total_loss'},
  )


def test_early_stopping_goes_on_counting_after_a_restart():
  state = at(0, evaluations_without_gain=1, history=[{'AP': 0.5}])
  hooks.StopEarly('AP', patience=2, min_delta=0.01).after_evaluation(state, {'AP': 0.5})
  assert 'AP has not risen' in state.stop


def test_a_training_that_had_stopped_early_trains_no_further_after_a_restart():
  stop = hooks.StopEarly('AP', patience=2, min_delta=0.01)
  going_on, stopped = (at(0, evaluations_without_gain=count, history=[{'AP': 0.5}]) for count in (1, 2))
  stop.before_training(going_on)
  stop.before_training(stopped)
  assert not going_on.stop
  assert 'AP has not risen' in stopped.stop


def test_checkpoints_are_saved_by_steps_by_minutes_and_at_the_end():
  clock, saved = Clock(), []
  hook = hooks.SaveCheckpoints(lambda: saved.append(state.step), every=10, minutes=1, clock=clock)
  state = at(0)
  hook.before_training(state)
  for step, minutes in ((5, 0.5), (10, 0.6), (14, 1.0), (15, 1.7), (100, 1.8)):
    state.step, clock.now = step, minutes * 60
    hook.step_done(state)
  assert saved == [0, 10, 15, 100]


def test_a_training_that_goes_on_does_not_save_what_it_just_restored():
  saved = []
  hooks.SaveCheckpoints(lambda: saved.append(1), every=10, minutes=1, clock=Clock()).before_training(at(20))
  assert saved == []


def test_a_blown_up_loss_goes_back_and_lowers_the_rate_then_gives_up():
  scales = []
  state = at(20, 1.0)

  def go_back():
    state.step, state.rollbacks, state.rate_scale = 10, 0, 1.0
    return 10

  hook = hooks.RollBack(go_back, scales.append, times=2, factor=0.5, blow_up=10)
  hook.after_step(state, ids)
  state.step, state.losses = 21, {hooks.TOTAL_LOSS: 50.0}
  hook.after_step(state, ids)
  assert (state.step, state.rollbacks, state.rate_scale, scales) == (10, 1, 0.5, [0.5])
  state.step, state.losses = 11, {hooks.TOTAL_LOSS: NAN}
  hook.after_step(state, ids)
  assert scales == [0.5, 0.25]
  state.step, state.losses = 12, {hooks.TOTAL_LOSS: NAN}
  with pytest.raises(hooks.TrainingError, match='after 2 rollbacks'):
    hook.after_step(state, ids)


def test_sigterm_saves_and_exits_when_the_step_is_done():
  saved = []
  hook = hooks.StopOnSignal(lambda: saved.append(1))
  state = at(3)
  before = signal.getsignal(signal.SIGTERM)
  hook.before_training(state)
  try:
    os.kill(os.getpid(), signal.SIGTERM)
    assert saved == []
    with pytest.raises(SystemExit) as stopped:
      hook.step_done(state)
  finally:
    hook.after_training(state)
  assert saved == [1]
  assert stopped.value.code == 143
  assert signal.getsignal(signal.SIGTERM) == before


def test_state_survives_a_restart():
  state = at(40, best=Best(0.4, 30), rollbacks=1, rate_scale=0.5, history=[{'step': 30, 'AP': 0.4}], seconds=12.5)
  later = TrainState(num_steps=200)
  later.load(state.dump())
  assert (later.step, later.best, later.rollbacks, later.rate_scale) == (40, Best(0.4, 30), 1, 0.5)
  assert (later.history, later.seconds, later.num_steps) == ([{'step': 30, 'AP': 0.4}], 12.5, 200)
