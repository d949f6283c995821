"""Doubt by scores, and by the mirror."""

import numpy as np
import pytest

from detection.detections import Detections
from detection.label_next import doubt

BOX, ASIDE = (0.1, 0.1, 0.5, 0.5), (0.6, 0.6, 0.9, 0.9)


def found(*rows):
  """rows: (box, class id, score)."""
  boxes = np.array([box for box, _, _ in rows], np.float32).reshape(-1, 4)
  scores = np.array([score for _, _, score in rows], np.float32)
  return Detections(boxes, np.array([class_id for _, class_id, _ in rows], np.int64), scores)


@pytest.mark.parametrize(
  ('scores', 'expected'),
  [([], 0), ([0.5], 1), ([1.0], 0), ([0.5, 0.5], 2), ([0.05], 0), ([0.9], 0.469), ([0.1], 0.469)],
)
def test_a_score_in_the_middle_is_the_most_uncertain(scores, expected):
  assert doubt.uncertainty(found(*((BOX, 1, score) for score in scores))) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
  ('view', 'mirrored', 'expected'),
  [
    pytest.param([(BOX, 1, 0.8)], [(BOX, 1, 0.8)], 0.0, id='the same'),
    pytest.param([], [], 0.0, id='nothing'),
    pytest.param([(BOX, 1, 0.8)], [], 0.8, id='not seen in the mirror'),
    pytest.param([], [(BOX, 1, 0.8)], 0.8, id='seen in the mirror alone'),
    pytest.param([(BOX, 1, 0.8)], [(BOX, 2, 0.8)], 1.6, id='another class'),
    pytest.param([(BOX, 1, 0.8)], [(ASIDE, 1, 0.8)], 1.6, id='another place'),
    pytest.param([(BOX, 1, 0.8)], [(BOX, 1, 0.4)], 0.4, id='another score'),
  ],
)
def test_what_the_other_view_does_not_confirm_is_disagreement(view, mirrored, expected):
  assert doubt.disagreement(found(*view), found(*mirrored)) == pytest.approx(expected, abs=1e-6)
