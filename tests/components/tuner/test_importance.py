import pytest

from components.tuner.importance import importances
from tests.support.searches import open_study, run, settings


def test_what_matters_is_told_by_the_fraction_of_the_variance_that_it_explains(tmp_path):
  tune = settings(trials=20)
  trials = run(open_study(tmp_path, tune))

  weights = importances(tune, trials)

  assert sum(weights.values()) == pytest.approx(1)
  assert weights['learning_rate'] > weights['augment'] > 0
  assert importances(tune, trials[:3]) == {}
