"""One model's scores on one set of images."""

import csv
import dataclasses
import math

import numpy as np

from components.evaluator import document, evaluation
from detection.metrics import portions, ranked, results
from tests.support.evaluations import LABELS, result_of, scored, scored_one


def test_difficult_objects_are_not_counted(make):
  measured = scored_one(make.image(1, truth=[(make.BOX, 1), (make.FAR, 1, 'difficult')], found=[(make.BOX, 1, 0.9)]))
  assert (measured.images, measured.objects) == (1, 1)
  assert measured.per_class()['red']['AP'] == measured.metrics['AP']


def test_the_interval_holds_the_score_itself():
  measured = scored()
  for name, interval in measured.intervals().items():
    assert interval.low <= measured.metrics[name] <= interval.high


def test_a_model_does_not_differ_from_itself_and_is_above_a_blind_one():
  measured = scored()
  own = measured.difference(measured)['AP']
  assert (own.low, own.high) == (0, 0)
  assert measured.difference(scored(blind=True))['AP'].low > 0


def test_a_model_is_compared_with_one_that_finds_more():
  measured = scored()
  fewer = dataclasses.replace(measured, resampled=measured.resampled[:400])
  for rise in (measured.difference(fewer), fewer.difference(measured)):
    assert (rise['AP'].low, rise['AP'].high) == (0, 0)


def test_the_table_has_a_line_for_each_class_and_empty_fields_for_what_could_not_be_measured():
  rows = list(csv.DictReader(evaluation.class_table(scored()).splitlines()))
  assert {row['class']: int(row['id']) for row in rows} == LABELS
  assert float(rows[0]['AP']) == scored().classes[0].metrics['AP']
  assert (rows[2]['objects'], rows[2]['AP']) == ('0', '')


def test_nan_becomes_none():
  assert evaluation.without_nan({'AP': math.nan, 'AP50': 0.5}) == {'AP': None, 'AP50': 0.5}


def test_the_numbers_do_not_depend_on_portions_and_on_what_is_held(make, monkeypatch, tmp_path):
  single = [results.of_image(*image) for image in make.crowded(12, classes=2, detections=12)]
  settings = evaluation.Settings(slice_pattern='0([0-9])[.]jpg')
  whole = evaluation.score(portions.Held([portions.of(results.merge(single), 0.5)]), LABELS, settings)
  for start in range(5):
    portions.of(results.merge(single[start::5]), 0.5).save(str(tmp_path / f'{start}.npz'))
  monkeypatch.setattr(ranked, 'RUN_ROWS', 40)
  monkeypatch.setattr(ranked, 'BLOCK_ROWS', 7)
  stored = portions.Stored([str(tmp_path / f'{start}.npz') for start in range(5)])
  parted = evaluation.score(stored, LABELS, settings)
  assert document.build(result_of(parted)) == document.build(result_of(whole))
  assert parted.shown.names.tolist() == whole.shown.names.tolist()
  np.testing.assert_array_equal(parted.resampled, whole.resampled)
