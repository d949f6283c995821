"""Steps that bring further steps."""

import itertools
import threading
import time

import pytest

from detection.base import threaded_steps


class Count:
  """Finds its number, and brings the steps of smaller ones."""

  def __init__(self, number, before=lambda: None):
    self.number, self.before = number, before

  def ask(self):
    self.before()
    return self.number

  def take(self, answer):
    return [answer], (Count(smaller, self.before) for smaller in range(answer))


def test_all_steps_are_taken_and_all_that_they_bring():
  assert sorted(threaded_steps.run([Count(3)], 2)) == [0, 0, 0, 0, 1, 1, 2, 3]


def test_several_are_asked_at_a_time():
  both = threading.Barrier(2, timeout=10)
  assert list(threaded_steps.run([Count(0, both.wait), Count(0, both.wait)], 2)) == [0, 0]


def test_few_steps_wait_however_many_a_step_brings():
  brought = []

  class Root(Count):
    def take(self, answer):
      return [], (brought.append(number) or Count(0) for number in range(1000))

  found = threaded_steps.run([Root(0)], 2)
  next(found)
  assert len(brought) <= 4
  assert len(list(found)) == 999


def test_an_error_of_a_step_ends_all():
  def fail():
    raise ValueError('busy')

  with pytest.raises(ValueError, match='busy'):
    list(threaded_steps.run([Count(0), Count(0, fail)], 2))


def test_a_caller_that_goes_away_leaves_no_thread_behind():
  before = threading.active_count()
  found = threaded_steps.run([Count(9)], 2)
  next(found)
  found.close()
  assert threading.active_count() == before


def test_quick_steps_are_asked_in_the_callers_thread_and_slow_ones_in_others():
  def asked_by(seconds):
    threads = set()

    def note():
      threads.add(threading.get_ident())
      time.sleep(seconds)

    assert len(list(threaded_steps.run([Count(3, note)], 2, quick=0.01))) == 8
    return threads

  assert asked_by(0) == {threading.get_ident()}
  assert len(asked_by(0.02)) > 1


def test_steps_are_asked_in_the_callers_thread_again_when_one_was_slow_by_chance():
  asked_by = []

  def note():
    time.sleep(0 if asked_by else 0.25)
    asked_by.append(threading.get_ident())

  assert len(list(threaded_steps.run([Count(0, note) for _ in range(20)], 2, quick=0.2))) == 20
  assert len(set(asked_by)) > 1
  assert set(asked_by[-10:]) == {threading.get_ident()}


def test_slow_steps_are_asked_alone_less_and_less_often_up_to_a_limit():
  asked_by = []

  def note():
    time.sleep(0.002)
    asked_by.append(threading.get_ident())

  list(threaded_steps.run([Count(0, note) for _ in range(400)], 2, quick=0.001))
  alone = [place for place, thread in enumerate(asked_by) if thread == threading.get_ident()]
  assert [after - before for before, after in itertools.pairwise(alone)] == [3, 7, 15, 31, 63, 127, 127]
