"""Labels that lie beside their object."""

import pytest

from detection.label_faults import misplaced
from tests.support.judged import ASIDE, AWAY, PLACE, SHIFTED, THRESHOLDS, judged


def test_a_label_beside_a_confident_detection_of_its_class_is_badly_placed():
  (fault,) = misplaced.find(judged([('dog', AWAY), ('cat', SHIFTED)], [('cat', PLACE, 0.8)]), THRESHOLDS)
  assert (fault.image, fault.number, fault.label) == ('a.jpg', 1, 'cat')
  assert fault.box == pytest.approx(SHIFTED)
  assert fault.detected == pytest.approx(PLACE)
  assert fault.score == pytest.approx(0.8 * 0.5, abs=1e-3)


@pytest.mark.parametrize(
  ('labels', 'found'),
  [
    pytest.param([('cat', PLACE)], [('cat', PLACE, 0.9)], id='it is well placed'),
    pytest.param([('cat', SHIFTED)], [('dog', PLACE, 0.9)], id='the detection is of another class'),
    pytest.param([('cat', SHIFTED)], [('cat', PLACE, 0.4)], id='the detection is not confident'),
    pytest.param([('cat', ASIDE)], [('cat', PLACE, 0.9)], id='it is too far away: superfluous'),
    pytest.param([('cat', SHIFTED), ('cat', PLACE)], [('cat', PLACE, 0.9)], id='the detection is of another object'),
    pytest.param([('cat', SHIFTED)], [('cat', PLACE, 0.9), ('cat', SHIFTED, 0.6)], id='another detection fits it'),
    pytest.param([('bird', SHIFTED)], [('cat', PLACE, 0.9)], id='its class is unknown'),
    pytest.param([], [('cat', PLACE, 0.9)], id='there is no label'),
    pytest.param([('cat', SHIFTED)], [], id='there is no detection'),
  ],
)
def test_a_label_is_not_badly_placed_when(labels, found):
  assert misplaced.find(judged(labels, found), THRESHOLDS) == []


def test_difficult_labels_are_left_out():
  assert misplaced.find(judged([('cat', SHIFTED)], [('cat', PLACE, 0.8)], difficult=[0]), THRESHOLDS) == []
