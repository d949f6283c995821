"""Precision, recall and F1 by confidence."""

import numpy as np
import pytest

from detection.metrics import coco, operating, ranked
from detection.metrics.matching import IOU_THRESHOLDS, cell


@pytest.fixture
def results(make):
  """Class 1: two objects; by score a hit, a false one, a hit. Class 2: an object that is missed."""
  return make.merged(
    make.image(
      1, truth=[(make.BOX, 1), (make.FAR, 2)], found=[(make.BOX, 1, 0.9), (make.TINY, 1, 0.6), (make.TINY, 2, 0.3)]
    ),
    make.image(2, truth=[(make.FAR, 1)], found=[(make.FAR, 1, 0.4)]),
  )


def test_the_curve_is_what_dropping_below_each_score_gives(results):
  curve = operating.curve(results, operating.assign_all(results, 0.5), 1)
  np.testing.assert_allclose(curve.scores, [0.9, 0.6, 0.4])
  np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3])
  np.testing.assert_allclose(curve.recall, [1 / 2, 1 / 2, 1])
  np.testing.assert_allclose(curve.f1, [2 / 3, 1 / 2, 4 / 5])


def test_the_best_point_has_the_highest_f1(results):
  assignment = operating.assign_all(results, 0.5)
  assert operating.best(operating.curve(results, assignment, 1)) == operating.Point(
    pytest.approx(0.4), pytest.approx(2 / 3), 1.0, pytest.approx(0.8)
  )
  assert operating.best(operating.curve(results, assignment, 2)) == operating.Point(1.0, 0.0, 0.0, 0.0)
  assert operating.best(operating.curve(results, assignment, 3)) == operating.Point(1.0, 0.0, 0.0, 0.0)


def test_a_detection_at_its_threshold_is_kept_and_one_of_a_class_without_a_threshold_is_dropped(results):
  assert list(zip(results.classes, results.scores, strict=True)) == [(1, 0.9), (1, 0.6), (2, 0.3), (1, 0.4)]
  assert operating.kept(results, {1: 0.6}).tolist() == [True, True, False, False]


def test_equal_scores_are_kept_or_dropped_together(make):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.5), (make.FAR, 1, 0.5)])
  results = make.merged(image)
  curve = operating.curve(results, operating.assign_all(results, 0.5), 1)
  assert curve.precision.tolist() == [0.5]


@pytest.mark.parametrize('t', [0, 5, 9])
def test_at_cocos_thresholds_the_matching_is_cocos(make, t):
  results = make.merged(*make.crowded(10, classes=3, detections=60))
  assignment = operating.assign_all(results, IOU_THRESHOLDS[t])
  np.testing.assert_array_equal(assignment.hit, cell(results.hits, 0, t))
  np.testing.assert_array_equal(assignment.ignored, cell(results.ignored, 0, t))
  recall = coco.accumulate(results, [1]).recall[t, 0, 0, -1]
  assert operating.curve(results, assignment, 1).recall[-1] == pytest.approx(recall)


def test_any_iou_can_be_asked_for(make):
  results = make.merged(make.image(1, truth=[(make.BOX, 1)], found=[(make.HALF, 1, 0.9)]))
  assert [operating.assign_all(results, iou).hit.tolist() for iou in (0.39, 0.41)] == [[True], [False]]


@pytest.mark.parametrize('rows', [1, 7])
def test_the_curve_does_not_depend_on_how_many_detections_are_held(make, monkeypatch, rows):
  images = [make.image(n, truth=[(make.BOX, 1)], found=[(make.BOX, 1, n // 4 / 100)]) for n in range(50, 80)]
  results = make.merged(*images, *make.crowded(5, classes=1, detections=20))
  assignment = operating.assign_all(results, 0.5)
  expected = operating.measure(ranked.of(results, (assignment.hit, assignment.ignored)), 1)
  assert len(set(expected[0].scores)) == len(expected[0].scores) < len(results.scores)
  monkeypatch.setattr(ranked, 'BLOCK_ROWS', rows)
  curve, best = operating.measure(ranked.of(results, (assignment.hit, assignment.ignored)), 1)
  assert best == expected[1] == operating.best(expected[0])
  for field in ('scores', 'precision', 'recall', 'f1'):
    np.testing.assert_array_equal(getattr(curve, field), getattr(expected[0], field))


def test_of_a_long_curve_both_ends_and_the_best_point_are_kept(make):
  results = make.merged(*make.crowded(40, classes=1, detections=30))
  curve, best = operating.measure(ranked.of(results, (cell(results.hits, 0, 0), np.zeros(1200, bool))), 1)
  assert len(curve.scores) == operating.MOST_POINTS
  assert (curve.scores[0], curve.scores[-1]) == (results.scores.max(), results.scores.min())
  assert best.f1 >= curve.f1.max()
