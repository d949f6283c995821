"""Compares new images with a reference: three tests that together raise a false alarm as rarely as asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from detection.base.errors import ConfigError, DataError
from detection.drift import two_sample
from detection.drift.sample import Sample

FEWEST = 5
# An image is as foreign as it is far from the reference images that are nearest to it (Sun et al. 2022,
# arXiv:2204.06507).
_NEIGHBOURS = 5
_BLOCK = 256


@dataclasses.dataclass(frozen=True)
class Comparison:
  """How new images differ from the reference.

  false_alarms: the chance of `drifted` where nothing has changed is this at most.
  p_values: {what was compared: p-value}.
  means: {what was compared: (mean of the reference, of the new images)}; features have none.
  foreignness: float [N] of the new images: the mean distance of the features to the nearest reference images, divided
    by what it is for half of the reference images themselves.
  reference: number of reference images.
  """

  false_alarms: float
  p_values: Mapping[str, float]
  means: Mapping[str, tuple[float, float]]
  foreignness: np.ndarray
  reference: int

  @property
  def bound(self) -> float:
    """A p-value up to this one is drift: each of the tests has an equal share of the false alarms (Bonferroni)."""
    return self.false_alarms / len(self.p_values)

  @property
  def drifted(self) -> tuple[str, ...]:
    """What differs."""
    return tuple(name for name, value in self.p_values.items() if value <= self.bound)


def check_false_alarms(false_alarms: float) -> None:
  """Raises ConfigError if the permutations are too few for such a rate."""
  least = 3 / (two_sample.PERMUTATIONS + 1)
  if not least <= false_alarms < 1:
    raise ConfigError(f'false alarms: expected a rate from {least:.4f} to below 1, received {false_alarms}.')


def compare(reference: Sample, new: Sample, false_alarms: float = 0.01, seed: int = 0) -> Comparison:
  """Tests features, objects an image and confidence.

  Args:
    reference: of images that the model was not trained on, such as its eval split.
    new: described by the same model.
    false_alarms: see Comparison.
    seed: of the permutations.

  Raises:
    ConfigError: if the permutations are too few for such a rate of false alarms.
    DataError: if there are fewer than five images on either side, or another model described the reference.
  """
  check_false_alarms(false_alarms)
  for name, sample in (('reference', reference), ('new', new)):
    if len(sample) < FEWEST:
      raise DataError(f'{name} images: expected {FEWEST} or more, received {len(sample)}.')
  if reference.features.shape[1] != new.features.shape[1]:
    raise DataError(
      f'reference: {reference.features.shape[1]} features an image, the model gives {new.features.shape[1]}. '
      'Expected one that was made with this model.'
    )
  rng = np.random.default_rng(seed)
  values = {
    'objects': (reference.objects, new.objects),
    'confidence': (reference.confidences, new.confidences),
  }
  p_values = {'features': two_sample.of_features(reference.features, new.features, rng)}
  p_values |= {name: two_sample.of_values(*pair, rng) for name, pair in values.items()}
  means = {name: (float(pair[0].mean()), float(pair[1].mean())) for name, pair in values.items()}
  return Comparison(false_alarms, p_values, means, foreignness(reference.features, new.features), len(reference))


def foreignness(reference: np.ndarray, new: np.ndarray) -> np.ndarray:
  """As in Comparison. reference, new: features [N, D] and [M, D]."""
  spread = reference.std(axis=0)
  scale = np.where(spread > 0, spread, 1.0)
  own, others = reference / scale, new / scale
  typical = float(np.median(_distance(own, own, skip=1)))
  return _distance(own, others, skip=0) / (typical or 1.0)


def _distance(reference: np.ndarray, rows: np.ndarray, skip: int) -> np.ndarray:
  """Mean distance of each row to its nearest neighbours in the reference; the `skip` nearest, itself, do not count."""
  found = []
  count = min(_NEIGHBOURS, len(reference) - skip)
  for start in range(0, len(rows), _BLOCK):
    block = rows[start : start + _BLOCK]
    squares = np.sum(block**2, axis=1)[:, np.newaxis] + np.sum(reference**2, axis=1) - 2 * block @ reference.T
    nearest = np.sort(np.maximum(squares, 0.0), axis=1)[:, skip : skip + count]
    found.append(np.sqrt(nearest).mean(axis=1))
  return np.concatenate(found)
