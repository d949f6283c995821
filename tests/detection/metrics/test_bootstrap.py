"""Confidence intervals over images."""

import numpy as np
import pytest

from detection.metrics import bootstrap, coco, ranked, results

CLASSES = [1, 2, 3]


def ones(images):
  return np.ones((1, images), np.int64)


def test_each_image_once_gives_the_measured_ap(make):
  sample = make.merged(*make.crowded(15, classes=3, detections=50))
  measured = coco.accumulate(sample, CLASSES).metrics()
  ap, ap50 = bootstrap.resampled_ap(sample, CLASSES, ones(15))[0]
  assert ap == pytest.approx(measured['AP'], abs=1e-12)
  assert ap50 == pytest.approx(measured['AP50'], abs=1e-12)


@pytest.mark.parametrize(('hits', 'objects'), [(29, 100), (7, 50), (1, 3), (3, 5), (21, 30), (100, 100)])
def test_recall_reaches_the_levels_that_coco_says_whatever_rounding_does(make, hits, objects):
  # 29 of 100, for one: 0.29 * 100 is 28.999999999999996.
  found = [(make.BOX, 1, 0.9)]
  images = [make.image(n, truth=[(make.BOX, 1)], found=found if n <= hits else []) for n in range(1, objects + 1)]
  sample = make.merged(*images)
  measured = coco.accumulate(sample, [1]).metrics()['AP']
  assert bootstrap.resampled_ap(sample, [1], ones(objects))[0, 0] == pytest.approx(measured, abs=1e-12)


def test_leaving_images_out_gives_the_ap_of_the_rest(make):
  sample = make.merged(*make.crowded(12, classes=3, detections=50))
  weights = ones(12)
  weights[0, [2, 5, 6]] = 0
  rest = coco.accumulate(results.select(sample, np.flatnonzero(weights[0])), CLASSES).metrics()
  assert bootstrap.resampled_ap(sample, CLASSES, weights)[0, 0] == pytest.approx(rest['AP'], abs=1e-12)


def test_drawing_every_image_twice_changes_nothing(make):
  sample = make.merged(*make.crowded(10, classes=3, detections=50))
  once, twice = (bootstrap.resampled_ap(sample, CLASSES, n * ones(10))[0, 0] for n in (1, 2))
  assert twice == pytest.approx(once, abs=1e-12)


def test_the_interval_is_wide_on_few_images_and_narrow_on_many(make):
  widths = []
  for count in (10, 160):
    sample = make.merged(*make.crowded(count, classes=3, detections=20))
    values = bootstrap.resampled_ap(sample, CLASSES, bootstrap.draws(count, len(sample.scores)))
    found = bootstrap.interval(values[:, 0])
    assert found.low < coco.accumulate(sample, CLASSES).metrics()['AP'] < found.high
    widths.append(found.high - found.low)
  assert widths[1] < widths[0] / 2


def test_nothing_to_measure_gives_no_interval(make):
  sample = make.merged(make.image(1, found=[(make.BOX, 1, 0.9)]))
  values = bootstrap.resampled_ap(sample, CLASSES, bootstrap.draws(1, 1))
  assert np.isnan(bootstrap.interval(values[:, 0]).low)


def test_draws_are_the_same_each_time_and_fewer_for_many_detections():
  np.testing.assert_array_equal(bootstrap.draws(5, 10), bootstrap.draws(5, 10))
  assert len(bootstrap.draws(5, 10)) == 1000
  assert len(bootstrap.draws(5, 500_000)) == 200


def test_the_numbers_do_not_depend_on_how_many_detections_and_resamples_are_held(make, monkeypatch):
  sample = make.merged(*make.crowded(15, classes=3, detections=50))
  weights = bootstrap.draws(15, len(sample.scores))[:40]
  expected = bootstrap.resampled_ap(sample, CLASSES, weights)
  monkeypatch.setattr(ranked, 'BLOCK_ROWS', 11)
  monkeypatch.setattr(bootstrap, '_BLOCK', 200)
  np.testing.assert_array_equal(bootstrap.resampled_ap(sample, CLASSES, weights), expected)
  monkeypatch.setattr(bootstrap, '_HELD', 15 * 7)
  monkeypatch.setattr(bootstrap, 'RESAMPLES', 40)
  monkeypatch.setattr(bootstrap, '_FEWEST', 40)
  np.testing.assert_array_equal(bootstrap.resampled(ranked.of(sample), CLASSES, 15), expected)


def test_very_many_hits_are_added_up_to_the_same_mean(make, monkeypatch):
  images = [make.image(n, truth=[(make.BOX, 1)], found=[(make.BOX, 1, n / 300)]) for n in range(1, 251)]
  weights = bootstrap.draws(250, 250)[:20]
  expected = bootstrap.resampled_ap(make.merged(*images), [1], weights)
  monkeypatch.setattr(bootstrap, '_SUMMED', 16)
  np.testing.assert_allclose(bootstrap.resampled_ap(make.merged(*images), [1], weights), expected, rtol=1e-12)
