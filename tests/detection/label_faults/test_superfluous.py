"""Labels that nothing like a detection meets."""

import pytest

from detection.label_faults import superfluous
from tests.support.judged import ASIDE, AWAY, PLACE, SHIFTED, THRESHOLDS, judged


def test_a_label_on_background_is_superfluous():
  image = judged([('cat', PLACE), ('dog', AWAY)], [('cat', PLACE, 0.9)])
  (fault,) = superfluous.find(image, THRESHOLDS)
  assert (fault.image, fault.number, fault.label, fault.detected) == ('a.jpg', 1, 'dog', None)
  assert fault.box == pytest.approx(AWAY)
  assert fault.score == 1


def test_without_any_detection_every_label_is():
  assert len(superfluous.find(judged([('cat', PLACE), ('dog', AWAY)]), THRESHOLDS)) == 2


@pytest.mark.parametrize(
  'found',
  [
    pytest.param(('cat', PLACE, 0.9), id='detected'),
    pytest.param(('dog', PLACE, 0.9), id='detected as another class'),
    pytest.param(('cat', SHIFTED, 0.9), id='detected beside it'),
    pytest.param(('cat', PLACE, 0.3), id='hard to see'),
  ],
)
def test_a_label_is_not_superfluous_when(found):
  assert superfluous.find(judged([('cat', PLACE)], [found]), THRESHOLDS) == []


@pytest.mark.parametrize(
  ('found', 'score'),
  [
    pytest.param(('cat', PLACE, 0.2), 0.8, id='a faint detection speaks against it a little'),
    pytest.param(('cat', ASIDE, 0.9), 1, id='a detection that hardly touches it does not'),
  ],
)
def test_the_score_is_what_the_best_detection_leaves(found, score):
  (fault,) = superfluous.find(judged([('cat', PLACE)], [found]), THRESHOLDS)
  assert fault.score == pytest.approx(score, abs=1e-3)


def test_difficult_labels_and_classes_that_cannot_be_judged_are_left_out():
  image = judged([('cat', PLACE), ('bird', AWAY), ('dog', AWAY)], difficult=[0])
  assert superfluous.find(image, {1: 0.5}) == []
