"""How labels and detections meet."""

import numpy as np

from detection.label_faults import overlap
from tests.support.judged import ASIDE, AWAY, PLACE, SHIFTED, judged


def test_overlap_is_measured_whatever_the_class():
  image = judged([('cat', PLACE), ('dog', AWAY)], [('dog', PLACE, 0.9), ('cat', SHIFTED, 0.8), ('cat', ASIDE, 0.7)])
  np.testing.assert_allclose(overlap.with_labels(image), [(1, 0), (0.5, 0), (0.2, 0)], atol=1e-6)
  assert overlap.with_labels(judged([], [('cat', PLACE, 0.9)])).shape == (1, 0)


def test_boxes_overlap_each_other():
  np.testing.assert_allclose(overlap.between(np.array([PLACE]), np.array([SHIFTED, AWAY])), [(0.5, 0)], atol=1e-6)


def test_a_detection_is_confident_from_the_threshold_of_its_class_on():
  image = judged([], [('cat', PLACE, 0.75), ('dog', PLACE, 0.5), ('cat', AWAY, 0.25)])
  assert overlap.confident(image, {1: 0.75}).tolist() == [True, False, False]
