"""All metrics of a set of images, overall and by class."""

import math

import pytest

from detection.metrics import names, ranked, scores

LABELS = {'cat': 1, 'dog': 2, 'never there': 3}


@pytest.fixture
def scored(make):
  """Both cats found, one of two dogs found with a false alarm below it; one object is difficult."""
  merged = make.merged(
    make.image(1, truth=[(make.BOX, 1), (make.FAR, 2)], found=[(make.BOX, 1, 0.9), (make.FAR, 2, 0.8)]),
    make.image(2, truth=[(make.BOX, 1), (make.TINY, 1, 'difficult')], found=[(make.BOX, 1, 0.7)]),
    make.image(3, truth=[(make.BOX, 2)], found=[(make.TINY, 2, 0.6)]),
  )
  return scores.score(merged, LABELS, iou=0.5)


def test_classes_are_in_the_order_of_the_label_map_and_difficult_objects_are_not_counted(scored):
  assert [(row.name, row.id, row.objects, row.images) for row in scored.classes] == [
    ('cat', 1, 2, 2),
    ('dog', 2, 2, 2),
    ('never there', 3, 0, 0),
  ]


def test_every_metric_is_there_overall_and_by_class(scored):
  assert set(scored.metrics) == set(names.ALL)
  assert all(set(metrics) == set(names.ALL) for metrics in scored.per_class().values())


def test_precision_and_recall_are_those_at_the_best_confidence(scored):
  dog = scored.per_class()['dog']
  assert (dog['precision'], dog['recall'], dog['F1']) == (1.0, 0.5, pytest.approx(2 / 3))
  assert scored.classes[1].best.score == 0.8


def test_overall_is_the_mean_of_the_classes_that_have_objects(scored):
  classes = scored.per_class()
  assert all(math.isnan(value) for value in classes['never there'].values())
  for metric in ('AP50', 'VOC10_AP50', 'recall', 'F1'):
    assert scored.metrics[metric] == pytest.approx((classes['cat'][metric] + classes['dog'][metric]) / 2)


def test_without_any_object_there_is_nothing_to_measure(make):
  scored = scores.score(make.merged(make.image(1)), LABELS, iou=0.5)
  assert all(math.isnan(value) for value in scored.metrics.values())


def test_images_of_a_class_are_counted_once_however_few_objects_are_held(make, monkeypatch):
  monkeypatch.setattr(ranked, 'BLOCK_ROWS', 2)
  images = [make.image(n, truth=[(make.BOX, 1)] * 3 + [(make.FAR, 1, 'difficult')]) for n in range(5)]
  row = scores.score(make.merged(*images), {'cat': 1}, 0.5).classes[0]
  assert (row.objects, row.images) == (15, 5)
