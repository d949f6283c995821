"""Several machines at one study, in one process and without trainings."""

import threading

import pytest

from components.tuner import results, search, storage
from components.tuner.storage import SILENCE_SECONDS, StudyLocation
from components.tuner.study import SearchStudy
from tests.support.searches import finish, open_study, run, settings

GRID = settings(space={'learning_rate': {'values': [1, 2, 3, 4]}}, method='grid')


@pytest.fixture(params=['journal', 'database'])
def open_node(request, tmp_path):
  """Opens a machine's part in the search GRID, in either storage."""
  url = f'sqlite:///{tmp_path}/study.db'
  where = StudyLocation(url if request.param == 'database' else str(tmp_path / 'study.journal'), 'search')
  return lambda node=0, **given: SearchStudy(GRID, where, node, **given)


def end(trial):
  return finish(trial, trial.values.get('learning_rate', 0) / 10)


def test_machines_share_the_trials_and_each_is_trained_once(open_node):
  nodes = [open_node(number) for number in range(3)]
  trained = {node.node: [] for node in nodes}

  def train(study):
    def train_one(trial, device, stopping):
      trained[study.node].append(trial.number)
      return end(trial)

    search.run_search(study, train_one, [None, None], node_count=3)

  threads = [threading.Thread(target=train, args=(node,)) for node in nodes]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join(timeout=120)

  found = nodes[0].wait_until_ended()
  assert [(trial.number, trial.state, trial.values.get('learning_rate', 0)) for trial in found] == [
    (number, 'complete', number) for number in range(5)
  ]
  assert sorted(sum(trained.values(), [])) == [0, 1, 2, 3, 4]
  assert all(trial.number in trained[trial.node] for trial in found)


def test_a_machine_that_was_killed_takes_its_own_trials_up_and_no_others(open_node):
  first, second = open_node(0), open_node(1)
  mine, other = first.next_trial(), second.next_trial()

  restarted = open_node(0)

  assert restarted.next_trial() == mine
  assert restarted.next_trial().number == 2
  assert [trial.number for trial in restarted.results() if trial.node == 1] == [other.number]


def test_a_trial_reports_how_it_ended(open_node):
  study = open_node()
  study.next_trial()
  failing = study.next_trial()

  study.end(results.failed(failing, 'out of memory'))

  assert study.results()[1] == results.failed(failing, 'out of memory')


def test_the_last_trial_asked_for_by_two_at_once_is_begun_once(open_node, monkeypatch):
  one, two = open_node(0), open_node(1)
  run(one, end, count=4)
  trials = two._trials
  monkeypatch.setattr(two, '_trials', lambda: trials()[:4])  # as they were when both looked

  begun = [one.next_trial(), two.next_trial()]

  assert [trial and trial.number for trial in begun] == [4, None]
  one.end(end(begun[0]))
  assert [trial.number for trial in one.wait_until_ended()] == [0, 1, 2, 3, 4]


def test_other_machines_wait_until_the_first_has_created_the_study(open_node):
  created = []

  waiting = open_node(1, wait=lambda seconds: created.append(open_node(0)))

  assert len(created) == 1
  assert waiting.next_trial().number == 0


class Clock:
  """Time that passes only when somebody waits."""

  def __init__(self):
    self.now = 0.0

  def __call__(self):
    return self.now

  def wait(self, seconds):
    self.now += seconds
    assert self.now < 100_000, 'waits for ever'


@pytest.fixture
def clock(monkeypatch):
  clock = Clock()
  monkeypatch.setattr(storage.HeartbeatJournal.__init__, '__defaults__', (clock,))
  return clock


def test_a_machine_that_falls_silent_has_failed_its_trial(tmp_path, clock, capsys):
  open_study(tmp_path, GRID)
  other = open_study(tmp_path, GRID, 1)
  lost = other.next_trial()
  study = open_study(tmp_path, GRID, 0, wait=clock.wait)
  run(study, end)

  found = study.wait_until_ended()

  assert clock.now == pytest.approx(SILENCE_SECONDS, abs=3)
  assert (found[lost.number].state, found[lost.number].reason) == ('failed', 'no sign of life for 600 s')
  assert f'trial {lost.number} on node 1: failed: no sign of life for 600 s' in capsys.readouterr().out
  other.end(end(lost))  # it was there after all: what was said of it stands
  assert study.results() == found


def test_a_machine_that_shows_life_is_waited_for_as_long_as_it_takes(tmp_path, clock):
  open_study(tmp_path, GRID)
  other = open_study(tmp_path, GRID, 1)
  long = other.next_trial()

  def hours(seconds):
    clock.wait(SILENCE_SECONDS / 2)
    with other.heartbeat(long):
      pass
    if clock.now > 20 * SILENCE_SECONDS:
      other.end(end(long))

  study = open_study(tmp_path, GRID, 0, wait=hours)
  run(study, end)

  assert {trial.state for trial in study.wait_until_ended()} == {'complete'}
