"""Are two samples from one distribution? Permutation tests: they say yes wrongly as often as asked, no more.

Where both samples are drawn alike, every way of dividing them is as likely, so the chance of a p-value of `a` or less
is `a` at most, whatever the statistic and the distribution (Phipson & Smyth 2010, arXiv:1603.05766).
"""

from __future__ import annotations

import numpy as np

PERMUTATIONS = 1999


def of_features(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> float:
  """The p-value of the kernel two-sample test (MMD, Gretton et al. 2012) of rows of features, [N, D] and [M, D].

  The kernel is Gaussian, of features scaled to equal variance, as wide as their median distance.
  """
  kernel = _kernel(np.concatenate([first, second]).astype(np.float64))
  weights = _divisions(len(first), len(second), rng)
  weights = np.where(weights, 1 / len(second), -1 / len(first))
  return _p_value(np.sum(weights * (weights @ kernel), axis=1))


def of_values(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> float:
  """The p-value of the Kolmogorov-Smirnov statistic of numbers, [N] and [M]."""
  pooled = np.concatenate([first, second])
  order = np.argsort(pooled, kind='stable')
  is_second = _divisions(len(first), len(second), rng)[:, order]
  # Only after the last of equal values do both distribution functions have their value there.
  last = np.append(np.diff(pooled[order]) > 0, True)
  gaps = np.cumsum(np.where(is_second, 1 / len(second), -1 / len(first)), axis=1)[:, last]
  return _p_value(np.abs(gaps).max(axis=1))


def _divisions(first: int, second: int, rng: np.random.Generator) -> np.ndarray:
  """bool [1 + PERMUTATIONS, first + second]: which are of the second sample; the first row is how it really is."""
  real = np.arange(first + second) >= first
  return np.vstack([real, rng.permuted(np.tile(real, (PERMUTATIONS, 1)), axis=1)])


def _p_value(statistics: np.ndarray) -> float:
  """statistics: the real one first, then those of the permutations. Equal up to rounding counts as equal."""
  return float(np.mean(statistics >= statistics[0] - 1e-12))


def _kernel(features: np.ndarray) -> np.ndarray:
  spread = features.std(axis=0)
  scaled = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
  squares = np.sum(scaled**2, axis=1)
  distances = np.maximum(squares[:, np.newaxis] + squares - 2 * scaled @ scaled.T, 0.0)
  median = np.median(distances[np.triu_indices(len(distances), 1)])
  return np.exp(-distances / (median or 1.0))
