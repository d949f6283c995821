"""Confusion matrix, causes and misses, by hand."""

import numpy as np
import pytest

from detection.metrics import mistakes, operating, results


def diagnose(results, least=0.0, iou=0.5):
  assignment = operating.assign_all(results, iou)
  return mistakes.diagnose(results, assignment, [1, 2], {1: least, 2: least})


@pytest.mark.parametrize(
  ('found', 'cause'),
  [
    pytest.param('TINY', 'background', id='touches next to nothing'),
    pytest.param('HALF', 'localisation', id='on its object, but badly'),
    pytest.param('BOX', 'duplicate', id='on an object that is taken'),
  ],
)
def test_the_cause_of_a_false_positive(make, found, cause):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.9), (getattr(make, found), 1, 0.5)])
  made = diagnose(make.merged(image))
  assert dict(zip(mistakes.CAUSES, made.causes[0], strict=True)) == {
    name: int(name == cause) for name in mistakes.CAUSES
  }


def test_a_detection_of_the_wrong_class_is_confusion_and_stands_in_the_matrix(make):
  made = diagnose(make.merged(make.image(1, truth=[(make.BOX, 1)], found=[(make.NEAR, 2, 0.9)])))
  assert made.causes.tolist() == [[0, 0, 0, 0], [0, 0, 1, 0]]
  assert made.confusion.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
  assert made.missed.sum() == 1


def test_background_missed_and_found_stand_in_the_matrix(make):
  results = make.merged(
    make.image(1, truth=[(make.BOX, 1), (make.FAR, 2)], found=[(make.BOX, 1, 0.9), (make.TINY, 2, 0.8)]),
    make.image(2, found=[(make.BOX, 1, 0.7)]),
  )
  made = diagnose(results)
  assert made.confusion.tolist() == [[1, 0, 0], [0, 0, 1], [1, 1, 0]]
  assert made.false_by_image.tolist() == [1, 1]
  assert made.missed_by_image.tolist() == [1, 0]
  assert made.hits_by_image.tolist() == [1, 0]


def test_an_object_is_confused_with_one_detection_only(make):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 2, 0.9), (make.NEAR, 2, 0.8)])
  assert diagnose(make.merged(image)).confusion.tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]


def test_difficult_objects_are_neither_missed_nor_mistakes(make):
  image = make.image(1, truth=[(make.BOX, 1, 'difficult'), (make.FAR, 2, 'difficult')], found=[(make.BOX, 1, 0.9)])
  made = diagnose(make.merged(image))
  assert made.confusion.sum() == made.causes.sum() == made.missed.sum() == 0


def test_detections_below_the_threshold_do_not_count(make):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.3), (make.FAR, 1, 0.2)])
  made = diagnose(make.merged(image), least=0.25)
  assert made.causes.sum() == 0
  assert made.found.sum() == 1


def test_misses_are_told_by_size(make):
  # 640 x 480: TINY is 13 x 10 pixels, BOX 256 x 192.
  made = diagnose(make.merged(make.image(1, truth=[(make.TINY, 1), (make.BOX, 1)], found=[(make.BOX, 1, 0.9)])))
  assert made.missed[0].tolist() == [1, 0, 0]
  assert made.found[0].tolist() == [0, 0, 1]


def test_every_object_and_every_kept_detection_is_counted_once(make):
  results = make.merged(*make.crowded(20, classes=2, detections=40))
  made = diagnose(results, least=0.4)
  counts = ~(results.object_difficult | results.object_crowd)
  assert made.confusion[:2].sum() == counts.sum() == made.found.sum() + made.missed.sum()
  false = made.causes.sum()
  kept = operating.kept(results, {1: 0.4, 2: 0.4})
  ignored = operating.assign_all(results, 0.5).ignored
  assert made.confusion[:, :2].sum() == np.count_nonzero(kept & ~ignored) == false + made.found.sum()


@pytest.mark.parametrize('held', [0, 500])
def test_portions_add_up_to_the_whole_and_the_best_and_worst_images_are_kept(make, monkeypatch, held):
  monkeypatch.setattr(mistakes, '_HELD', held)
  merged = make.merged(
    *make.crowded(20, classes=2, detections=6),
    *[make.image(f'{name}.jpg', truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.9)]) for name in 'cab'],
  )
  whole = diagnose(merged, least=0.4)
  parts = [results.select(merged, np.arange(start, 23, 4)) for start in range(4)]
  portions = ((part, operating.assign_all(part, 0.5)) for part in parts)
  shown, made = mistakes.diagnose_all(portions, [1, 2], {1: 0.4, 2: 0.4}, 0.5, most=3)
  for table in ('confusion', 'causes', 'missed', 'found'):
    np.testing.assert_array_equal(getattr(made, table), getattr(whole, table))
  for choose in (mistakes.best, mistakes.worst):
    expected = merged.names[choose(whole, 3)].tolist()
    assert shown.names[choose(made, 3)].tolist() == expected
    assert len(expected) == 3
  assert len(shown.names) <= 6
  assert len(made.cause) == len(shown.scores)


def test_without_images_there_are_no_mistakes():
  shown, made = mistakes.diagnose_all([], [1, 2], {1: 0.4, 2: 0.4}, 0.5, most=3)
  assert (len(shown.names), made.confusion.sum()) == (0, 0)
