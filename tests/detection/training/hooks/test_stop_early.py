from detection.training.hooks.stop_early import StopEarly
from tests.support.train_steps import NAN, at, restarted


def stop_early(watch='AP'):
  return StopEarly(watch, patience=2, min_delta=0.01)


def test_training_stops_when_the_metric_has_not_risen_for_patience_evaluations():
  state, stop = at(0), stop_early()
  stopped_after = []
  for value in (0.1, 0.2, 0.205, 0.2, 0.3):
    stop.after_evaluation(state, {'AP': value})
    stopped_after.append(bool(state.stop))
  assert stopped_after == [False, False, False, True, True]


def test_a_metric_that_cannot_be_measured_is_no_gain_and_is_not_compared_to():
  state, stop = at(0), stop_early('AP_small')
  for value in (NAN, 0.5, NAN):
    stop.after_evaluation(state, {'AP_small': value})
  assert not state.stop
  stop.after_evaluation(state, {'AP_small': 0.4})
  assert 'AP_small has not risen' in state.stop


def test_early_stopping_goes_on_counting_after_a_restart():
  before, state = stop_early(), at(0)
  for value in (0.5, 0.5):
    before.after_evaluation(state, {'AP': value})
  assert not state.stop
  restarted(before, stop_early()).after_evaluation(state, {'AP': 0.5})
  assert 'AP has not risen' in state.stop


def test_a_training_that_had_stopped_early_trains_no_further_after_a_restart():
  before, going_on, stopped = stop_early(), at(0), at(0)
  for value in (0.5, 0.5):
    before.after_evaluation(at(0), {'AP': value})
  restarted(before, stop_early()).before_training(going_on)
  before.after_evaluation(at(0), {'AP': 0.5})
  restarted(before, stop_early()).before_training(stopped)
  assert not going_on.stop
  assert 'AP has not risen' in stopped.stop
