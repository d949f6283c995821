import json

from components.tuner import results
from components.tuner.results import TrialResult
from tests.support.searches import complete


def test_rows_are_in_the_order_of_trials_and_survive_their_file():
  trials = [complete(1, 0.5, learning_rate=0.1), TrialResult(0, {}, evaluations=[(2, 0.5)], node=3)]

  text = results.dump(trials)

  assert results.load(text) == [trials[1], trials[0]]
  fields = ['number', 'values', 'state', 'value', 'evaluations', 'seconds', 'reason', 'node']
  assert list(json.loads(text)['trials'][0]) == fields


def test_the_config_as_it_is_wins_when_no_trial_is_better():
  assert results.best([complete(0, 0.5), complete(1, 0.5, learning_rate=0.1)]).values == {}
  assert results.best([results.failed(TrialResult(0, {}), 'out of memory')]) is None


def test_what_could_not_be_measured_is_no_evaluation():
  assert results.measured([{'step': 2}, {'step': 4, 'AP_small': 0.5}], 'AP_small') == [(4, 0.5)]


def test_a_trial_on_one_line():
  pruned = TrialResult(1, {}, results.PRUNED, 0.1234, reason='not in the better half')

  assert results.outcome_text(pruned, 'AP') == 'AP 0.123; not in the better half'
  best = complete(2, 0.5, rate=0.012345, flip=True)
  assert results.best_text(best, 'AP') == 'AP 0.500 in trial 2: rate 0.01235, flip True'
  assert results.values_text({}) == 'the config as it is'
