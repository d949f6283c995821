"""The order in which hooks are called, and what of them is kept over a restart."""

import copy
import io
import itertools
import random

import pytest

from detection.training import loop
from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.hook import Hook, Phase, in_phases, load_state_dicts, state_dicts
from detection.training.hooks.keep_best import KeepBest
from detection.training.hooks.record_history import RecordHistory
from detection.training.hooks.refuse_non_finite import RefuseNonFinite
from detection.training.hooks.save_checkpoints import SaveCheckpoints
from detection.training.hooks.show_progress import ShowProgress
from detection.training.hooks.stop_early import StopEarly
from detection.training.hooks.stop_on_signal import StopOnSignal
from detection.training.state import TOTAL_LOSS, TrainState
from tests.support.clock import Clock
from tests.support.train_steps import NAN


class Guard(Hook):
  phase = Phase.GUARD


class Measure(Hook):
  phase = Phase.MEASURE


class Save(Hook):
  phase = Phase.SAVE


class Counter(Hook):
  def __init__(self, count):
    self.count = count

  def state_dict(self):
    return {'count': self.count}

  def load_state_dict(self, state):
    self.count = state['count']


class FakeEngine:
  """Every step's loss is a tenth below the one before."""

  def __init__(self):
    self._losses = itertools.count(10.0, -0.1)

  def train_step(self, batches):
    return {TOTAL_LOSS: next(self._losses)}, list


def test_hooks_are_called_by_their_phases():
  hooks = [Save(), Hook(), Measure(), Guard()]
  assert [type(hook) for hook in in_phases(hooks)] == [Guard, Measure, Hook, Save]


def test_each_hook_gets_its_own_state_back():
  states = state_dicts([Counter(3), Hook()])
  assert states == {'Counter': {'count': 3}}
  other = Counter(0)
  load_state_dicts([Hook(), other], states)
  assert other.count == 3


def test_a_hook_of_which_nothing_was_saved_stays_as_it_is():
  counter = Counter(7)
  load_state_dicts([counter], {'Another': {'count': 1}})
  assert counter.count == 7


def test_two_hooks_of_one_class_with_a_state_are_refused():
  with pytest.raises(ValueError, match='expected one Counter that has a state, received two'):
    state_dicts([Counter(1), Counter(2)])


class Tick(Hook):
  """Turns the clock by half a second for each step."""

  phase = Phase.GUARD

  def __init__(self, clock):
    self._clock = clock

  def after_step(self, state, image_ids):
    self._clock.now += 0.5


def train_with_all_hooks(shuffle):
  """What a training leaves behind: saved states, the history file, the best steps, the screen, and its end."""
  clock, screen, state = Clock(), io.StringIO(), TrainState(num_steps=100)
  saved, written, best_steps = [], [], []
  values = iter([0.1, 0.3, 0.2, NAN, 0.3, 0.25])

  def save():
    saved.append((state.step, copy.deepcopy(state_dicts(hooks))))

  time, best = CountSeconds(clock), KeepBest(best_steps.append, 'AP')
  history = RecordHistory(written.append, time)
  hooks = [Tick(clock), RefuseNonFinite(), time, best, history, StopEarly('AP', patience=4, min_delta=0.0)]
  hooks += [ShowProgress(1, best, history, time, screen, clock), StopOnSignal(save)]
  hooks += [SaveCheckpoints(save, every=7, minutes=1e9, clock=clock)]
  shuffle(hooks)
  loop.train(
    FakeEngine(),
    iter(()),
    state,
    hooks,
    lambda state: state.step % 10 == 0,
    lambda: {'AP': next(values), 'AP50': 0.5},
  )
  return saved, written, best_steps, screen.getvalue(), (state.step, state.stop)


def test_the_order_in_which_hooks_are_given_does_not_matter():
  expected = train_with_all_hooks(shuffle=lambda hooks: None)
  saved, _, best_steps, _, (step, stop) = expected
  assert [step for step, _ in saved] == [0, 7, 14, 21, 28, 35, 42, 49, 56, 60]
  assert saved[-1][1]['CountSeconds'] == {'seconds': 30.0}
  assert best_steps == [10, 20]
  assert (step, stop) == (60, 'AP has not risen by 0.0 in 4 evaluations')
  for seed in range(20):
    assert train_with_all_hooks(random.Random(seed).shuffle) == expected
