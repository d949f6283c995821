"""Pascal VOC average precision against examples worked by hand, and the area against the OD API's own."""

import numpy as np
import pytest

from detection.metrics import names, ranked, voc


def both(results, class_ids=(1,)):
  values = voc.average_precision(results, class_ids)
  return [values[name].tolist() for name in names.VOC]


def test_two_objects_one_found_after_a_false_one(make):
  # By score: false, hit. Precision 0, 1/2; recall 0, 1/2. Eleven points: 1/2 at 0 ... 0.5, six of them; area 1/2 * 1/2.
  image = make.image(1, truth=[(make.BOX, 1), (make.FAR, 1)], found=[(make.TINY, 1, 0.9), (make.BOX, 1, 0.8)])
  assert both(make.merged(image)) == [[pytest.approx(6 * 0.5 / 11)], [pytest.approx(0.25)]]


def test_hit_false_hit_over_two_images(make):
  # Precision 1, 1/2, 2/3; recall 1/2, 1/2, 1. Eleven points: 1 at 0 ... 0.5, 2/3 at 0.6 ... 1; area 1/2 + 1/2 * 2/3.
  results = make.merged(
    make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.9), (make.FAR, 1, 0.8)]),
    make.image(2, truth=[(make.FAR, 1)], found=[(make.FAR, 1, 0.7)]),
  )
  assert both(results) == [[pytest.approx((6 + 5 * 2 / 3) / 11)], [pytest.approx(0.5 + 1 / 3)]]


def test_a_second_detection_of_an_object_is_false(make):
  image = make.image(
    1,
    truth=[(make.BOX, 1), (make.FAR, 1)],
    found=[(make.BOX, 1, 0.9), (make.NEAR, 1, 0.8), (make.FAR, 1, 0.7)],
  )
  assert both(make.merged(image))[1] == [pytest.approx(0.5 + 0.5 * 2 / 3)]


def test_difficult_objects_count_neither_as_missed_nor_against_what_falls_on_them(make):
  image = make.image(
    1,
    truth=[(make.BOX, 1), (make.FAR, 1, 'difficult')],
    found=[(make.FAR, 1, 0.9), (make.FAR, 1, 0.85), (make.BOX, 1, 0.8)],
  )
  assert both(make.merged(image)) == [[pytest.approx(1)], [pytest.approx(1)]]


def test_a_class_without_objects_is_not_measured(make):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 2, 0.9)])
  values = voc.average_precision(make.merged(image), [1, 2])
  assert values['VOC10_AP50'][0] == 0
  assert np.isnan(values['VOC10_AP50'][1])


def test_the_area_equals_the_od_apis():
  from detection.odapi import compat

  compat.apply()
  from object_detection.utils import metrics

  rng = np.random.default_rng(0)
  for _ in range(50):
    hit = rng.random(30) < 0.5
    precision, recall = metrics.compute_precision_recall(np.linspace(1, 0, 30), hit, 30)
    assert voc.area(precision, recall) == pytest.approx(metrics.compute_average_precision(precision, recall), abs=1e-12)


def test_the_numbers_do_not_depend_on_how_many_detections_are_held(make, monkeypatch):
  sample = make.merged(*make.crowded(15, classes=2, detections=50))
  matching = voc.match(sample)
  expected = voc.average_precision(sample, [1, 2])
  for k, class_id in enumerate((1, 2)):  # as defined, of all detections at once
    rows = np.flatnonzero((sample.classes == class_id) & ~matching.ignored)
    found = np.cumsum(matching.hit[rows[np.argsort(-sample.scores[rows], kind='stable')]])
    counts = (sample.object_class == class_id) & ~(sample.object_difficult | sample.object_crowd)
    precision, recall = found / np.arange(1, len(found) + 1), found / np.count_nonzero(counts)
    assert expected['VOC10_AP50'][k] == voc.area(precision, recall)
    eleven = [precision[recall >= level].max(initial=0.0) for level in np.arange(11) / 10]
    assert expected['VOC07_AP50'][k] == np.mean(eleven)
  monkeypatch.setattr(ranked, 'BLOCK_ROWS', 11)
  for name, values in voc.average_precision(sample, [1, 2]).items():
    assert values.tolist() == expected[name].tolist()
  monkeypatch.setattr(voc, '_SUMMED', 16)
  for name, values in voc.average_precision(sample, [1, 2]).items():
    np.testing.assert_allclose(values, expected[name], rtol=1e-12)
