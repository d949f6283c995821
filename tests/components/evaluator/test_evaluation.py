"""One model's scores on one set of images."""

import csv
import math

from components.evaluator import evaluation
from tests.support.evaluations import LABELS, scored, scored_one


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


def test_the_table_has_a_line_for_each_class_and_empty_fields_for_what_could_not_be_measured():
  rows = list(csv.DictReader(evaluation.class_table(scored()).splitlines()))
  assert {row['class']: int(row['id']) for row in rows} == LABELS
  assert float(rows[0]['AP']) == scored().classes[0].metrics['AP']
  assert (rows[2]['objects'], rows[2]['AP']) == ('0', '')


def test_nan_becomes_none():
  assert evaluation.without_nan({'AP': math.nan, 'AP50': 0.5}) == {'AP': None, 'AP50': 0.5}
