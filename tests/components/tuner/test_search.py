import math

import pytest

from components.tuner import charts, report, search
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings
from detection.base.settings import parse_settings

SPACE = {
  'learning_rate': {'min': 0.001, 'max': 1.0, 'scale': 'log'},
  'augment': {'values': [['horizontal_flip'], []]},
}


def settings(**given):
  return parse_settings(TuneSettings, {'space': SPACE, 'steps': 80, 'objective': 'AP50', **given}, 'tune')


def score(values):
  """Best at a rate of 0.05, with a flip."""
  return 0.9 - 0.3 * abs(math.log10(values['learning_rate'] / 0.05)) - 0.2 * (values['augment'] == [])


def finish(tune, trial, value=None):
  value = score(trial.values) if value is None else value
  trial.state, trial.value = search.COMPLETE, value
  trial.evaluations = [(tune.eval_every * k, value * k / 4) for k in range(1, 5)]
  return trial


def run(tune, trials=()):
  trials = list(trials)
  while (trial := search.next_trial(tune, trials)) is not None:
    trials.append(trial)
    finish(tune, trial, None if trial.values else 0.5)
  return trials


@pytest.mark.parametrize('method', ['bayesian', 'random'])
def test_a_search_begins_with_the_config_as_it_is_and_ends_after_its_trials(method):
  trials = run(settings(method=method, trials=5))

  assert [trial.number for trial in trials] == list(range(6))
  assert trials[0].values == {}
  assert all(0.001 <= trial.values['learning_rate'] <= 1.0 for trial in trials[1:])
  assert all(trial.values['augment'] in SPACE['augment']['values'] for trial in trials[1:])


def test_a_search_taken_up_again_tries_what_it_would_have_tried():
  tune = settings(trials=9)
  whole = run(tune)

  resumed = run(tune, search.load(search.dump(whole[:6])))

  assert resumed == whole
  assert run(settings(trials=9, seed=1)) != whole


def test_bayesian_search_closes_in_on_the_best():
  values = [trial.value for trial in run(settings(trials=24))[1:]]

  assert sum(values[-8:]) / 8 > sum(values[:8]) / 8 + 0.1


def test_a_grid_takes_every_combination_once():
  space = {'a': {'min': 0.01, 'max': 1.0, 'scale': 'log', 'points': 3}, 'b': {'min': 1, 'max': 5, 'points': 2}}
  tune = parse_settings(TuneSettings, {'space': space, 'method': 'grid'}, 'tune')
  trials = []
  while (trial := search.next_trial(tune, trials)) is not None:
    trials.append(trial)

  found = [(round(trial.values['a'], 6), trial.values['b']) for trial in trials[1:]]
  assert found == [(0.01, 1), (0.01, 5), (0.1, 1), (0.1, 5), (1.0, 1), (1.0, 5)]


def early(number, value, step=20):
  return Trial(number, {'learning_rate': 0.1, 'augment': []}, evaluations=[(step, value)])


@pytest.mark.parametrize(
  ('value', 'others', 'hopeless'),
  [
    pytest.param(0.1, [], False, id='the first'),
    pytest.param(0.1, [0.4], True, id='the worse of two'),
    pytest.param(0.4, [0.1], False, id='the better of two'),
    pytest.param(0.3, [0.1, 0.2, 0.4], False, id='in the better half'),
    pytest.param(0.2, [0.1, 0.3, 0.4], True, id='in the worse half'),
    pytest.param(0.0, [0.0, 0.0], False, id='none has begun to learn'),
    pytest.param(0.001, [0.003, 0.004], False, id='alike to two decimals'),
  ],
)
def test_successive_halving_ends_the_worse_half(value, others, hopeless):
  tune = settings()
  before = [finish(tune, Trial(0, {}), 0.9)]
  for number, other in enumerate(others, start=1):
    before.append(early(number, other))
    before[-1].state, before[-1].value = search.PRUNED, other

  assert search.is_hopeless(tune, before, early(9, value)) == hopeless
  assert not search.is_hopeless(settings(pruning='none'), before, early(9, value))


def test_the_config_as_it_is_is_never_pruned():
  tune = settings()
  others = [finish(tune, Trial(1, {'learning_rate': 0.05, 'augment': []}), 0.9)]

  assert not search.is_hopeless(tune, others, Trial(0, {}, evaluations=[(20, 0.0)]))


def test_trials_after_a_failed_one_keep_away_from_it():
  tune = settings(trials=30)
  trials = [Trial(0, {}, search.COMPLETE, 0.1)]
  while (trial := search.next_trial(tune, trials)) is not None:
    trials.append(trial)
    if trial.values['learning_rate'] > 0.03:
      trial.state, trial.reason = search.FAILED, 'step 3: Loss/total_loss is nan'
    else:
      finish(tune, trial, 0.5)

  late = trials[-15:]
  assert sum(trial.state == search.FAILED for trial in late) <= 5
  assert search.best(trials).state == search.COMPLETE


def test_the_config_as_it_is_wins_when_no_trial_is_better():
  tune = settings()
  trials = [finish(tune, Trial(0, {}), 0.5), finish(tune, Trial(1, {'learning_rate': 0.1, 'augment': []}), 0.5)]

  assert search.best(trials).values == {}
  assert search.best([Trial(0, {}, search.FAILED)]) is None


def test_what_matters_is_told_by_its_share_of_the_variance():
  tune = settings(trials=20)
  trials = run(tune)

  weights = search.importances(tune, trials)

  assert sum(weights.values()) == pytest.approx(1)
  assert weights['learning_rate'] > weights['augment'] > 0
  assert search.importances(tune, trials[:3]) == {}


def test_what_could_not_be_measured_is_no_evaluation():
  assert search.measured([{'step': 2}, {'step': 4, 'AP_small': 0.5}], 'AP_small') == [(4, 0.5)]


def test_places_on_an_axis():
  tune = settings()

  assert charts.place(tune.space['learning_rate'], 0.001) == 0
  assert charts.place(tune.space['learning_rate'], 1.0) == pytest.approx(1)
  assert charts.ticks(tune.space['augment']) == [(0.0, '["horizontal_flip"]'), (1.0, '[]')]


def test_the_page_shows_the_best_every_trial_and_each_effect():
  tune = settings(trials=6)
  trials = run(tune)
  trials[2].state, trials[2].value, trials[2].evaluations = search.FAILED, None, []
  trials[2].reason = 'step 3: Loss/total_loss is nan. Images of the batch: <b>.jpg'

  html = report.render(tune, trials)

  assert f'in trial {search.best(trials).number}' in html
  assert html.count('<img src="data:image/svg+xml') == 3
  assert '&lt;b&gt;.jpg' in html
  assert html.count('<tr><td>') == 7
  assert 'http' not in html.split('<main>')[1].replace('data:', '')


def test_a_search_whose_every_trial_failed_has_a_page_too():
  trials = [Trial(0, {}, search.FAILED, reason='out of memory')]

  assert 'out of memory' in report.render(settings(), trials)
