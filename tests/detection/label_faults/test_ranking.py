"""The faults of all images."""

import pytest

from detection.label_faults import ranking
from tests.support.judged import AWAY, IDS, PLACE, SHIFTED, judged


@pytest.fixture
def images():
  right = [judged([('cat', PLACE)], [('cat', PLACE, 0.9)], name=f'right-{number}.jpg') for number in range(8)]
  return [
    *right,
    judged([('cat', PLACE), ('bird', AWAY)], [('cat', PLACE, 0.95), ('cat', AWAY, 0.9)], name='bird.jpg'),
    judged([], [('cat', PLACE, 0.91)], name='missing.jpg'),
    judged([], [('cat', PLACE, 0.97)], name='surely-missing.jpg'),
    judged([('cat', PLACE), ('cat', AWAY)], [('cat', PLACE, 0.95)], name='superfluous.jpg'),
    judged([('cat', SHIFTED)], [('cat', PLACE, 0.95)], name='misplaced.jpg'),
  ]


def test_each_kind_is_ranked_by_its_scores(images):
  ranked = ranking.rank(images, IDS).ranked
  assert {kind: [fault.image for fault in faults] for kind, faults in ranked.items()} == {
    'missing': ['surely-missing.jpg', 'missing.jpg'],
    'superfluous': ['superfluous.jpg'],
    'misplaced': ['misplaced.jpg'],
  }


def test_it_counts_what_was_judged_and_names_what_was_not(images):
  faults = ranking.rank(images, IDS, folds=3)
  assert (faults.images, faults.boxes, faults.unjudged_classes, faults.folds) == (13, 12, ('bird',), 3)
