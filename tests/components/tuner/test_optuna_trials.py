import optuna
import pytest
from optuna.trial import TrialState, create_trial

from components.tuner import optuna_trials, results, space
from components.tuner.results import TrialResult
from tests.support.searches import complete, settings

VALUES = {'learning_rate': 0.1, 'augment': []}


@pytest.mark.parametrize(
  ('state', 'attributes', 'expected'),
  [
    pytest.param(
      TrialState.COMPLETE, {'seconds': 3.0, 'node': 1}, {'state': 'complete', 'seconds': 3.0, 'node': 1}, id='complete'
    ),
    pytest.param(TrialState.PRUNED, {'reason': 'worse'}, {'state': 'pruned', 'reason': 'worse'}, id='pruned'),
    pytest.param(TrialState.RUNNING, {}, {'state': 'running', 'value': None}, id='still running'),
    pytest.param(
      TrialState.FAIL,
      {'reason': 'out of memory'},
      {'state': 'failed', 'value': None, 'evaluations': [], 'reason': 'out of memory'},
      id='failed',
    ),
    pytest.param(
      TrialState.FAIL,
      {},
      {'state': 'failed', 'value': None, 'evaluations': [], 'reason': 'no sign of life for 600 s'},
      id='failed by others',
    ),
  ],
)
def test_a_stored_trial_is_a_row_of_the_results_with_the_best_of_its_evaluations(state, attributes, expected):
  study = optuna.create_study(direction='maximize')
  stored = create_trial(
    state=state,
    value=0.4 if state == TrialState.COMPLETE else None,
    params=space.encode(settings(), VALUES),
    distributions=space.distributions(settings()),
    user_attrs=attributes,
    intermediate_values={40: 0.3, 20: 0.4},
  )
  study.add_trial(stored)

  row = optuna_trials.result_of(settings(), study.trials[0])

  common = {'number': 0, 'values': VALUES, 'value': 0.4, 'evaluations': [(20, 0.4), (40, 0.3)]}
  assert row == TrialResult(**{**common, **expected})


def test_a_sampler_sees_failed_trials_as_the_worst_and_the_config_as_it_is_not_at_all():
  trials = [
    complete(0, 0.9),
    complete(1, 0.5, **VALUES),
    results.failed(TrialResult(2, VALUES), 'nan'),
    TrialResult(3, VALUES, evaluations=[(20, 0.126)]),
  ]

  seen = optuna_trials.replay(settings(), trials).trials

  states = [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.RUNNING]
  assert [(trial.state, trial.value) for trial in seen] == list(zip(states, (0.5, 0.0, None), strict=True))
  assert seen[2].intermediate_values == {20: 0.13}
