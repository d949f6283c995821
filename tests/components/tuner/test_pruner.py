import optuna
import pytest

from components.tuner import pruner, space
from tests.support.searches import settings


def is_hopeless(tune, values):
  """Whether the last of several trials is, whose first evaluations these are, in this order."""
  study = optuna.create_study(direction='maximize', pruner=pruner.pruner_of(tune))
  for value in values:
    trial = study.ask(space.distributions(tune))
    trial.report(value, 20)
    hopeless = trial.should_prune()
  return hopeless


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
def test_successive_halving_ends_the_worse_half_also_of_trials_that_still_run(value, others, hopeless):
  assert is_hopeless(settings(), [*others, value]) == hopeless
  assert not is_hopeless(settings(pruning='none'), [*others, value])


def test_evaluations_keep_all_their_decimals():
  study = optuna.create_study(direction='maximize', pruner=pruner.pruner_of(settings()))
  trial = study.ask()
  trial.report(0.123456, 20)
  trial.should_prune()

  assert study.trials[0].intermediate_values == {20: 0.123456}
