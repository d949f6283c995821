from detection.training.hooks.save_checkpoints import SaveCheckpoints
from tests.support.clock import Clock
from tests.support.train_steps import at


def test_checkpoints_are_saved_by_steps_by_minutes_and_at_the_end():
  clock, saved = Clock(), []
  hook = SaveCheckpoints(lambda: saved.append(state.step), every=10, minutes=1, clock=clock)
  state = at(0)
  hook.before_training(state)
  for step, minutes in ((5, 0.5), (10, 0.6), (14, 1.0), (15, 1.7), (100, 1.8)):
    state.step, clock.now = step, minutes * 60
    hook.after_step_and_evaluation(state)
  assert saved == [0, 10, 15, 100]


def test_a_training_that_goes_on_does_not_save_what_it_just_restored():
  saved = []
  SaveCheckpoints(lambda: saved.append(1), every=10, minutes=1, clock=Clock()).before_training(at(20))
  assert saved == []


def test_a_training_that_is_stopped_is_saved():
  saved = []
  hook = SaveCheckpoints(lambda: saved.append(1), every=10, minutes=1, clock=Clock())
  hook.after_step_and_evaluation(at(21, stop='AP has not risen'))
  assert saved == [1]
