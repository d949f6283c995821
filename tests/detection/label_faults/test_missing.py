"""Confident detections that no label meets."""

import pytest

from detection.label_faults import missing
from tests.support.judged import ASIDE, AWAY, PLACE, SHIFTED, THRESHOLDS, judged


def test_a_confident_detection_without_a_label_is_a_missing_box():
  (fault,) = missing.find(judged([('cat', PLACE)], [('cat', PLACE, 0.9), ('dog', AWAY, 0.8)]), THRESHOLDS)
  assert (fault.image, fault.number, fault.label, fault.box) == ('a.jpg', None, 'dog', None)
  assert fault.detected == pytest.approx(AWAY)
  assert fault.score == 0.8


def test_an_image_without_labels_can_lack_them_all():
  faults = missing.find(judged([], [('cat', PLACE, 0.9), ('dog', AWAY, 0.8)]), THRESHOLDS)
  assert [fault.label for fault in faults] == ['cat', 'dog']


@pytest.mark.parametrize(
  ('labels', 'found'),
  [
    pytest.param([('dog', PLACE)], [('cat', PLACE, 0.9)], id='a label of another class: it is swapped'),
    pytest.param([('cat', SHIFTED)], [('cat', PLACE, 0.9)], id='a label beside it: it is badly placed'),
    pytest.param([('bird', PLACE)], [('cat', PLACE, 0.9)], id='a label of a class that the detector does not know'),
    pytest.param([], [('cat', PLACE, 0.4)], id='no confident detection'),
    pytest.param([], [], id='no detection'),
  ],
)
def test_nothing_is_missing_where(labels, found):
  assert missing.find(judged(labels, found), THRESHOLDS) == []


def test_a_label_that_overlaps_lowers_the_score():
  (fault,) = missing.find(judged([('cat', ASIDE)], [('cat', PLACE, 0.9)]), THRESHOLDS)
  assert fault.score == pytest.approx(0.9 * 0.8, abs=1e-3)


def test_two_detections_of_one_place_are_one_fault():
  faults = missing.find(judged([], [('cat', PLACE, 0.9), ('dog', SHIFTED, 0.8), ('cat', AWAY, 0.7)]), THRESHOLDS)
  assert [(fault.label, fault.score) for fault in faults] == [('cat', 0.9), ('cat', 0.7)]


def test_detections_of_a_class_without_a_threshold_are_not_judged():
  assert missing.find(judged([], [('cat', PLACE, 0.9)]), {2: 0.5}) == []
