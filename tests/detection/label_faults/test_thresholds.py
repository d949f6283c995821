"""From which score on a detection counts as confident."""

import pytest

from detection.label_faults import thresholds
from tests.support.judged import AWAY, IDS, PLACE, judged


def test_it_is_the_score_with_the_best_f1_of_each_class():
  images = [
    judged([('cat', PLACE), ('dog', AWAY)], [('cat', PLACE, 0.9), ('cat', AWAY, 0.2), ('dog', AWAY, 0.4)]),
    judged([('cat', PLACE)], [('cat', PLACE, 0.6), ('dog', PLACE, 0.3)]),
  ]
  assert thresholds.confident_scores(images, IDS.values()) == pytest.approx({1: 0.6, 2: 0.4})


def test_a_class_that_no_detection_hits_has_none():
  assert thresholds.confident_scores([judged([('cat', PLACE), ('dog', AWAY)], [('dog', PLACE, 0.9)])], [1, 2]) == {}
  assert thresholds.confident_scores([], [1]) == {}
