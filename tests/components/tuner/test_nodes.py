"""Leader and followers over a shared folder. Clocks and waits are the tests' own; no training."""

import json
import threading

import pytest

from components.tuner import executor, search, trial
from components.tuner.nodes import SILENCE_SECONDS, Follower, Node, dismiss
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings
from detection.base.settings import parse_settings
from detection.odapi.config import config_io
from detection.odapi.model import devices
from detection.training.settings import TrainSettings

TUNE = parse_settings(TuneSettings, {'space': {'learning_rate': {'values': [1, 2, 3, 4]}}, 'method': 'grid'}, 'tune')
FOUR = Trial(4, {'learning_rate': 4})


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
def clock():
  return Clock()


@pytest.fixture
def work(tmp_path):
  return tmp_path


def prepare(work, one=FOUR):
  folder = trial.folder_of(str(work), one.number)
  trial.prepare(folder, one, config_io.Config(), {'cat': 1}, TrainSettings(), TUNE)
  return folder


def finish(one, folder='', device=None, is_stopped=None):
  value = one.values.get('learning_rate', 0) / 10
  return Trial(one.number, one.values, search.COMPLETE, value, [(500, value)])


def assign(work, number):
  (work / 'node-1').mkdir(exist_ok=True)
  (work / 'node-1' / 'assigned.json').write_text(json.dumps({'trial': number}))


def show_life(work, text):
  (work / 'node-1').mkdir(exist_ok=True)
  (work / 'node-1' / 'alive').write_text(text)


def never(seconds=0.0):
  return False


def test_trials_are_trained_by_the_nodes_that_are_there_and_all_go_at_the_end(work, capsys):
  trained = {1: [], 2: []}
  nodes = [Node(str(work), number) for number in (1, 2, 3)]  # the third never comes
  pause = threading.Event().wait

  def run(number):
    def run_one(one, folder, device, is_stopped):
      trained[number].append(one.number)
      return finish(one)

    Follower(str(work), number, wait=lambda _: pause(0.01), run=run_one).follow()

  def train(one, place, is_stopped):
    prepare(work, one)
    return place.train(one, trial.folder_of(str(work), one.number), lambda _: is_stopped(0.01))

  threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in trained]
  for thread in threads:
    thread.start()
  found = executor.run_search(TUNE, str(work), train, nodes)
  dismiss(str(work), nodes, wait=lambda _: pause(0.01))
  for thread in threads:
    thread.join(timeout=60)
    assert not thread.is_alive()

  assert [(one.number, one.state) for one in found] == [(number, 'complete') for number in range(5)]
  assert all(one.number in trained[one.node] for one in found)
  assert sorted(trained[1] + trained[2]) == [0, 1, 2, 3, 4]
  assert f'trial 4 of 4 on node {found[4].node}: learning_rate 4' in capsys.readouterr().out
  assert {path.name for path in work.iterdir()} == {'trials.json', 'ended', 'node-1', 'node-2'}
  assert not list(work.glob('node-*/*'))


def test_a_node_that_falls_silent_has_failed_its_trial_and_gets_none_until_it_shows_life_again(work, clock):
  node = Node(str(work), 1, clock=clock)
  show_life(work, 'first')
  assert node.is_ready()

  ended = node.train(FOUR, prepare(work), clock.wait)

  assert (ended.state, ended.reason) == (search.FAILED, 'node 1: no sign of life for 600 s')
  assert clock.now == pytest.approx(SILENCE_SECONDS, abs=2)
  assert not (work / 'node-1' / 'assigned.json').exists()
  assert not node.is_ready()
  show_life(work, 'second')
  assert node.is_ready()


def test_a_node_that_shows_life_is_waited_for_as_long_as_it_takes(work, clock):
  node, folder = Node(str(work), 1, clock=clock), prepare(work)

  def hours(seconds):
    clock.wait(SILENCE_SECONDS / 2)
    show_life(work, f'{clock.now}')
    if clock.now > 20 * SILENCE_SECONDS:
      trial.write_result(folder, finish(FOUR))
      (work / 'node-1' / 'assigned.json').unlink(missing_ok=True)

  assert node.train(FOUR, folder, hours) == finish(FOUR)


def test_a_sign_of_life_from_before_the_leader_came_says_nothing(work, clock):
  show_life(work, 'yesterday')

  assert not Node(str(work), 1, clock=clock).is_ready()


def test_a_search_that_stops_leaves_the_node_its_trial_and_waits_for_it_when_started_again(work, clock):
  folder = prepare(work)
  with pytest.raises(SystemExit):
    Node(str(work), 1, clock=clock).train(FOUR, folder, lambda seconds: True)
  assert (work / 'node-1' / 'assigned.json').exists()
  trial.write_result(folder, finish(FOUR))
  (work / 'node-1' / 'assigned.json').unlink(missing_ok=True)

  assert Node(str(work), 1, clock=clock).train(FOUR, folder, pytest.fail) == finish(FOUR)


class Place:
  """A place of which only what it is given counts."""

  def __init__(self, number, is_ready=True):
    self.number, self.given, self._is_ready = number, [], is_ready

  def is_ready(self):
    return self._is_ready


def test_a_search_that_was_killed_asks_each_node_for_the_trial_it_had(work):
  cut_short = [Trial(0, {}, search.COMPLETE, 0.0), Trial(1, {'learning_rate': 1}, node=1)]
  cut_short += [Trial(2, {'learning_rate': 2}, node=7), Trial(3, {'learning_rate': 3})]
  (work / trial.TRIALS).write_text(search.dump(cut_short))
  places = Place(0), Place(1, is_ready=False)

  def train(one, place, is_stopped):
    place.given.append(one.number)
    return finish(one)

  found = executor.run_search(TUNE, str(work), train, places)

  # Node 7 is no longer one of the job's: its trial may run anywhere. Node 1 shows no life: it gets nothing new.
  assert [place.given for place in places] == [[2, 3, 4], [1]]
  assert [one.node for one in found] == [0, 1, 0, 0, 0]


def follow_until(work, clock, run, ends):
  """A follower whose every wait calls `ends`; it goes when that says so."""

  def wait(seconds):
    clock.wait(seconds)
    if ends():
      (work / 'ended').touch()

  return Follower(str(work), 1, clock, wait, run)


def test_a_follower_that_was_killed_while_training_takes_the_trial_up_again(work, clock):
  folder = prepare(work)
  assign(work, 4)
  ran = []

  def killed(one, *_):
    ran.append(one)
    raise KeyboardInterrupt

  with pytest.raises(KeyboardInterrupt):
    follow_until(work, clock, killed, never).follow()
  follow_until(work, clock, lambda one, *_: ran.append(one) or finish(one), lambda: True).follow()

  assert ran == [FOUR, FOUR]
  assert search.load((work / 'trial-004' / trial.RESULT).read_text()) == [finish(FOUR)]
  assert folder == str(work / 'trial-004')
  assert not list((work / 'node-1').iterdir())


def test_a_follower_that_was_killed_after_the_result_does_not_train_again(work, clock):
  trial.write_result(prepare(work), finish(FOUR))
  assign(work, 4)

  follow_until(work, clock, pytest.fail, lambda: True).follow()

  assert not list((work / 'node-1').iterdir())


def test_a_follower_shows_life_while_it_trains_and_stops_when_its_trial_is_taken_back(work, clock):
  prepare(work)
  assign(work, 4)
  signs = set()

  def long(one, folder, device, is_stopped):
    while not is_stopped(1.0):
      signs.add((work / 'node-1' / 'alive').read_text())
      if clock.now > 100:
        (work / 'node-1' / 'assigned.json').unlink(missing_ok=True)
    raise SystemExit(143)

  with pytest.raises(SystemExit):
    follow_until(work, clock, long, never).follow()

  assert len(signs) >= 10
  assert clock.now < 120


def test_a_node_that_does_not_go_is_left_behind(work, clock):
  node = Node(str(work), 1, clock=clock)
  show_life(work, 'first')
  assert node.is_ready()

  dismiss(str(work), [node, Node(str(work), 2, clock=clock)], clock.wait)

  assert 60 < clock.now < 65


@pytest.mark.parametrize(
  ('tf_config', 'expected'),
  [
    pytest.param('', (0, 1), id='none'),
    pytest.param('{}', (0, 1), id='empty'),
    pytest.param('{"cluster": {"chief": ["a"], "worker": ["b", "c"]}, "task": {"type": "chief", "index": 0}}', (0, 3)),
    pytest.param('{"cluster": {"chief": ["a"], "worker": ["b", "c"]}, "task": {"type": "worker", "index": 1}}', (2, 3)),
    pytest.param('{"cluster": {"worker": ["a", "b"]}, "task": {"type": "worker", "index": 0}}', (0, 2), id='no chief'),
  ],
)
def test_which_node_this_is(monkeypatch, tf_config, expected):
  monkeypatch.setenv('TF_CONFIG', tf_config)

  assert devices.node() == expected
