"""Stages that overlap: how far they run ahead, in which order, and how long each was at work."""

import itertools
import threading
from concurrent import futures

import pytest

from detection.inference import stages


def test_calls_run_ahead_of_the_reader_but_not_further_than_told():
  read = []
  with futures.ThreadPoolExecutor(4) as pool:
    results = stages.map_ahead(pool, lambda number: -number, (read.append(n) or n for n in itertools.count()), 3)
    assert [next(results), next(results)] == [0, -1]
    assert read == [0, 1, 2, 3, 4]


def test_an_iterator_is_read_ahead_in_one_other_thread_and_in_order():
  threads = []

  def numbers():
    for number in range(20):
      threads.append(threading.current_thread())
      yield number

  with futures.ThreadPoolExecutor(1) as thread:
    assert list(stages.read_ahead(thread, numbers(), 3)) == list(range(20))
  assert len(set(threads) - {threading.main_thread()}) == len(set(threads)) == 1


def test_what_reading_raises_comes_after_what_was_read():
  def broken():
    yield from range(5)
    raise ValueError('the rest')

  read = []
  with futures.ThreadPoolExecutor(1) as thread, pytest.raises(ValueError, match='the rest'):
    read.extend(stages.read_ahead(thread, broken(), 3))
  assert read == [0, 1, 2, 3, 4]


def test_time_is_added_up_by_stage_over_threads(monkeypatch):
  monkeypatch.setattr(stages.time, 'perf_counter', iter(range(100)).__next__)
  watch = stages.Stopwatch()
  with watch.timed('outer'), watch.timed('inner'):
    pass
  with pytest.raises(KeyError), watch.timed('inner'):
    raise KeyError
  assert watch.seconds == {'inner': 2, 'outer': 3}
