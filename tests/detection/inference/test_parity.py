"""When two models find the same."""

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.detections import Detections
from detection.inference import parity


def found(*scores, classes=None, left=0.0):
  """Detections with one box, and one class where no classes are given."""
  count = len(scores)
  boxes = np.tile(np.array([0, left, 0.5, 0.5], np.float32), (count, 1))
  return Detections(boxes, np.array(classes or [1] * count), np.array(scores), ('a',) * count)


def difference(here, there):
  return parity.difference('image', {'the model here': here, 'the server': there}, 0.5, 'Is another version served?')


def test_detections_in_another_order_are_the_same():
  assert difference(found(0.9, 0.8), found(0.8, 0.9005)) == pytest.approx(0.0005)


def test_scores_as_near_the_limit_as_rounding_goes_may_be_on_one_side_alone():
  assert difference(found(0.5004), found()) == 0
  with pytest.raises(DataError, match='image: the model here finds a 0.502'):
    difference(found(0.502), found(0.4))


def test_detections_below_the_limit_are_not_compared():
  assert difference(found(0.9, 0.3), found(0.9, 0.1)) == 0


@pytest.mark.parametrize(
  'there',
  [
    pytest.param(found(0.9, left=0.01), id='another box'),
    pytest.param(found(0.9, classes=[2]), id='another class'),
    pytest.param(found(0.8), id='another score'),
    pytest.param(found(0.9, 0.7), id='one more'),
  ],
)
def test_other_detections_are_refused_with_what_may_be_the_matter(there):
  with pytest.raises(DataError, match=r'finds a 0\.\d+ at .*, the other does not. Is another version served\?$'):
    difference(found(0.9), there)
