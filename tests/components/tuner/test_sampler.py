"""What is tried, in searches whose trials end at once."""

import pytest

from components.tuner import results
from components.tuner.settings import TuneSettings
from detection.base.settings import parse_settings
from tests.support.searches import SPACE, finish, open_study, run, settings


@pytest.mark.parametrize('method', ['bayesian', 'random'])
def test_a_search_begins_with_the_config_as_it_is_and_ends_after_its_trials(tmp_path, method):
  trials = run(open_study(tmp_path, settings(method=method, trials=5)))

  assert [trial.number for trial in trials] == list(range(6))
  assert trials[0].values == {}
  assert all(0.001 <= trial.values['learning_rate'] <= 1.0 for trial in trials[1:])
  assert all(trial.values['augment'] in SPACE['augment']['values'] for trial in trials[1:])


def test_a_search_taken_up_again_tries_what_it_would_have_tried(tmp_path):
  tune = settings(trials=9)
  for name in ('whole', 'cut', 'other'):
    (tmp_path / name).mkdir()
  whole = run(open_study(tmp_path / 'whole', tune))

  run(open_study(tmp_path / 'cut', tune), count=6)
  open_study(tmp_path / 'cut', tune).next_trial()  # and is killed
  resumed = run(open_study(tmp_path / 'cut', tune))

  assert resumed == whole
  assert run(open_study(tmp_path / 'other', settings(trials=9, seed=1))) != whole


def test_bayesian_search_closes_in_on_the_best(tmp_path):
  values = [trial.value for trial in run(open_study(tmp_path, settings(trials=24)))[1:]]

  assert sum(values[-8:]) / 8 > sum(values[:8]) / 8 + 0.1


def test_a_grid_is_tried_point_by_point(tmp_path):
  space = {'a': {'min': 0.01, 'max': 1.0, 'scale': 'log', 'points': 3}, 'b': {'values': [[1], {'c': None}]}}
  tune = parse_settings(TuneSettings, {'space': space, 'method': 'grid'}, 'tune')

  trials = run(open_study(tmp_path, tune), lambda trial: finish(trial, 0.5))

  points = [(round(trial.values['a'], 6), trial.values['b']) for trial in trials[1:]]
  assert points == [(rate, choice) for rate in (0.01, 0.1, 1.0) for choice in ([1], {'c': None})]


def test_trials_after_a_failed_one_keep_away_from_it(tmp_path):
  tune = settings(trials=30)

  def end(trial):
    if trial.values.get('learning_rate', 0) > 0.03:
      return results.failed(trial, 'step 3: Loss/total_loss is nan')
    return finish(trial, 0.5 if trial.values else 0.1)

  trials = run(open_study(tmp_path, tune), end)

  assert sum(trial.state == results.FAILED for trial in trials[-15:]) <= 5
  assert results.best(trials).state == results.COMPLETE
