"""What the loop calls, and when; the model is a stand-in."""

import pytest

from detection.training import loop
from detection.training.hooks.hook import Hook, Phase
from detection.training.state import TrainState


class Engine:
  def train_step(self, batches):
    return {'Loss/total_loss': 1.0}, list


class Listen(Hook):
  """Notes every call; stops training at a step, if one is given."""

  def __init__(self, stop_at=None):
    self.calls = []
    self._stop_at = stop_at

  def before_training(self, state):
    self.calls.append('before')

  def after_step(self, state, image_ids):
    self.calls.append(state.step)
    if state.step == self._stop_at:
      state.stop = 'enough'

  def after_evaluation(self, state, metrics):
    self.calls.append(f'evaluated {state.step}')

  def after_step_and_evaluation(self, state):
    self.calls.append(f'end {state.step}')

  def after_training(self, state):
    self.calls.append('after')


class GoBackOnce(Hook):
  """Goes back from step 2 to step 1, once."""

  phase = Phase.GUARD

  def __init__(self):
    self._went_back = False

  def after_step(self, state, image_ids):
    if state.step == 2 and not self._went_back:
      state.step, self._went_back = 1, True


def train(state, hooks, due=(), evaluate=dict):
  loop.train(Engine(), iter(()), state, hooks, lambda state: state.step in due, evaluate)


@pytest.fixture
def listen():
  return Listen()


def test_hooks_hear_of_each_step_then_of_its_evaluation_then_of_its_end(listen):
  train(TrainState(num_steps=2), [listen], due=[1])
  assert listen.calls == ['before', 1, 'evaluated 1', 'end 1', 2, 'evaluated 2', 'end 2', 'after']


def test_a_hook_can_stop_training():
  listen = Listen(stop_at=1)
  train(TrainState(num_steps=3), [listen])
  assert listen.calls == ['before', 1, 'end 1', 'after']


def test_a_step_that_was_undone_is_not_told_of(listen):
  train(TrainState(num_steps=3), [listen, GoBackOnce()], due=[2])
  assert listen.calls == ['before', 1, 'end 1', 2, 'evaluated 2', 'end 2', 3, 'evaluated 3', 'end 3', 'after']


def test_an_evaluation_that_was_broken_off_is_pending_and_comes_first_after_a_restart(listen):
  state = TrainState(num_steps=1)
  train(state, [listen], evaluate=lambda: None)
  assert state.evaluation_pending
  assert listen.calls == ['before', 1, 'end 1', 'after']
  listen.calls.clear()
  train(state, [listen])
  assert not state.evaluation_pending
  assert listen.calls == ['before', 'evaluated 1', 'end 1', 'after']
