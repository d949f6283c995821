"""Permutation tests: false alarms as promised, and differences seen."""

import numpy as np
import pytest
from scipy import stats

from detection.drift import two_sample


def p_values(test, draw, trials=200):
  """p-values of so many comparisons; draw(rng, count) is (first, second)."""
  rng = np.random.default_rng(5)
  return np.array([test(*draw(rng), rng) for _ in range(trials)])


@pytest.fixture(autouse=True)
def _few(monkeypatch):
  monkeypatch.setattr(two_sample, 'PERMUTATIONS', 199)


@pytest.mark.parametrize(
  ('test', 'draw'),
  [
    pytest.param(two_sample.of_values, lambda rng: (rng.poisson(1.5, 40), rng.poisson(1.5, 15)), id='ties'),
    pytest.param(
      two_sample.of_features, lambda rng: (rng.standard_cauchy((30, 4)), rng.standard_cauchy((12, 4))), id='wild'
    ),
  ],
)
def test_false_alarms_are_no_more_than_asked(test, draw):
  found = p_values(test, draw)
  # Of 200 trials at 10 %, 20 are expected and more than 33 come in one of a thousand.
  assert (found <= 0.1).sum() <= stats.binom.ppf(0.999, len(found), 0.1)
  assert (found <= 0.5).mean() > 0.25


@pytest.mark.parametrize(
  ('test', 'draw'),
  [
    pytest.param(two_sample.of_values, lambda rng: (rng.normal(0, 1, 60), rng.normal(0, 4, 40)), id='wider'),
    pytest.param(two_sample.of_values, lambda rng: (rng.normal(0, 1, 60), rng.normal(1.5, 1, 30)), id='shifted'),
    pytest.param(
      two_sample.of_features, lambda rng: (rng.normal(0, 1, (60, 8)), rng.normal(1, 1, (20, 8))), id='features'
    ),
  ],
)
def test_a_difference_is_seen(test, draw):
  assert (p_values(test, draw, 20) <= 0.05).mean() > 0.9


def test_the_statistic_of_values_is_kolmogorovs_and_smirnovs(monkeypatch):
  monkeypatch.setattr(two_sample, '_p_value', lambda statistics: statistics[0])
  rng = np.random.default_rng(1)
  first, second = rng.poisson(2, 50), rng.poisson(3, 30)
  expected = stats.ks_2samp(first, second).statistic
  assert two_sample.of_values(first, second, rng) == pytest.approx(expected)


def test_equal_features_are_no_difference():
  assert two_sample.of_features(np.ones((6, 3)), np.ones((6, 3)), np.random.default_rng(0)) == 1.0
