"""Three tests share the false alarms; the most foreign image is the one that is furthest away."""

import numpy as np
import pytest

from detection.base.errors import ConfigError, DataError
from detection.drift import comparison
from detection.drift.sample import Sample


def drawn(count, seed, shift=0.0, objects=2.0, confidence=0.8):
  rng = np.random.default_rng(seed)
  features = rng.normal(shift, 1, (count, 6)).astype(np.float32)
  return Sample(features, rng.poisson(objects, count), rng.normal(confidence, 0.1, count), 0.5)


@pytest.mark.parametrize(
  ('changed', 'expected'),
  [
    ({}, ()),
    ({'shift': 2.0}, ('features',)),
    ({'objects': 6.0}, ('objects',)),
    ({'shift': 2.0, 'confidence': 0.4}, ('features', 'confidence')),
  ],
)
def test_what_differs_is_named(changed, expected):
  found = comparison.compare(drawn(80, 1), drawn(40, 2, **changed))
  assert found.drifted == expected
  assert found.bound == pytest.approx(0.01 / 3)


def test_means_and_number_of_the_reference_are_told():
  reference, new = drawn(80, 1), drawn(40, 2)
  found = comparison.compare(reference, new)
  assert found.means['objects'] == (reference.objects.mean(), new.objects.mean())
  assert found.reference == 80


def test_the_image_that_is_furthest_from_all_others_is_the_most_foreign():
  new = drawn(40, 2)
  new.features[7] += 20
  foreign = comparison.foreignness(drawn(300, 1).features, new.features)
  assert foreign.argmax() == 7
  assert foreign[7] > 5
  assert np.median(foreign) == pytest.approx(1, abs=0.3)


def test_an_image_of_the_reference_itself_is_not_its_own_neighbour(monkeypatch):
  monkeypatch.setattr(comparison, '_BLOCK', 3)
  features = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
  # Each is compared with the five nearest of the six others: for half of them 2.2 away at most.
  assert comparison.foreignness(features, np.array([[3.0]]))[0] == pytest.approx(1.2 / 2.2)


@pytest.mark.parametrize(
  ('reference', 'new', 'rate', 'error', 'message'),
  [
    (drawn(4, 1), drawn(9, 2), 0.01, DataError, 'reference images: expected 5 or more, received 4'),
    (drawn(9, 1), drawn(4, 2), 0.01, DataError, 'new images: expected 5 or more, received 4'),
    (drawn(9, 1), drawn(9, 1), 0.001, ConfigError, r'expected a rate from 0\.0015 to below 1, received 0\.001'),
    (drawn(9, 1), Sample(np.zeros((9, 2)), np.zeros(9), np.zeros(9), 0.5), 0.1, DataError, 'the model gives 2'),
  ],
)
def test_what_cannot_be_compared_is_refused(reference, new, rate, error, message):
  with pytest.raises(error, match=message):
    comparison.compare(reference, new, rate)
