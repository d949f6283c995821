"""The charts: what their axes, lines and bars say."""

import pytest
from matplotlib import figure

from components.evaluator import charts
from tests.support.evaluations import scored, scored_one


def labels_of(axis):
  return [text.get_text() for text in axis.get_legend().get_texts()]


def bar_labels(axis):
  return [text.get_text() for text in axis.texts]


@pytest.fixture(scope='module')
def measured():
  return scored()


@pytest.fixture
def one_class(make):
  return scored_one(
    make.image(1, truth=[(make.BOX, 1), (make.TINY, 1)], found=[(make.BOX, 1, 0.9), (make.FAR, 1, 0.3)])
  )


def test_precision_over_recall_has_a_line_for_each_class_with_most_objects_first(measured):
  (axis,) = charts.precision_recall(measured).axes
  assert len(axis.lines) == 3
  assert all(f'{row.metrics["AP50"]:.2f}' in ' '.join(labels_of(axis)) for row in measured.classes[:2])


def test_a_name_is_shown_as_it_is_and_makes_no_formula(measured):
  (axis,) = charts.class_balance(measured, {}).axes
  names = [text.get_text() for text in axis.get_yticklabels()]
  assert any(r'_\$cost\$' in name and not name.startswith('_') for name in names)


def test_one_class_shows_precision_recall_and_f1(one_class):
  (axis,) = charts.confidence(one_class).axes
  assert labels_of(axis) == ['precision', 'recall', 'F1', 'best: 0.90']


def test_several_classes_show_f1_and_their_best_score(measured):
  (axis,) = charts.confidence(measured).axes
  assert axis.get_ylabel() == 'F1'
  assert len(labels_of(axis)) == len([row for row in measured.classes if len(row.curve.scores)])


def test_confusion_has_background_below_and_missed_at_the_right(one_class):
  (axis,) = charts.confusion(one_class).axes
  assert [text.get_text() for text in axis.get_xticklabels()] == ['red', 'missed']
  assert [text.get_text() for text in axis.get_yticklabels()] == ['red', 'background']
  assert bar_labels(axis) == ['1', '1', '', '']


def test_the_baseline_stands_beside_the_model(measured):
  (axis,) = charts.by_size(measured, scored(blind=True)).axes
  assert labels_of(axis) == ['this model', 'baseline']
  (alone,) = charts.by_size(measured, None).axes
  assert alone.get_legend() is None


def test_missed_objects_are_counted_by_size(make):
  evaluation = scored_one(make.image(1, truth=[(make.BOX, 1), (make.TINY, 1)], found=[(make.BOX, 1, 0.9)]))
  (axis,) = charts.misses(evaluation).axes
  assert bar_labels(axis) == ['1 of 1 missed', '', '0 of 1 missed']


def test_training_objects_are_shown_if_they_were_counted(one_class):
  (axis,) = charts.class_balance(one_class, {'red': 40}).axes
  assert labels_of(axis) == ['training', 'evaluated']
  assert bar_labels(axis) == ['40', '2']


@pytest.mark.parametrize(
  'draw',
  [
    charts.precision_recall,
    charts.confidence,
    charts.confusion,
    lambda evaluation: charts.by_size(evaluation, None),
    lambda evaluation: charts.class_balance(evaluation, {}),
    charts.false_positives,
    charts.misses,
  ],
)
def test_images_without_objects_and_detections_have_every_chart(draw, make):
  assert isinstance(draw(scored_one(make.image(1))), figure.Figure)
