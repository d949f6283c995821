"""Detections: filtering keeps boxes, classes, scores and names together."""

import numpy as np
import pytest

from detection.detections import Detections

THREE = Detections(
  boxes=np.array([[0.1, 0.1, 0.2, 0.2], [0.3, 0.3, 0.4, 0.4], [0.5, 0.5, 0.6, 0.6]], np.float32),
  classes=np.array([2, 1, 2]),
  scores=np.array([0.9, 0.5, 0.1], np.float32),
  names=('dog', 'cat', 'dog'),
)
NO_NAMES = Detections(THREE.boxes, THREE.classes, THREE.scores)


@pytest.mark.parametrize(
  ('kept', 'rows'),
  [
    pytest.param(THREE.above(0.5), [0, 1], id='a score equal to the bound is kept'),
    pytest.param(THREE.above(0.95), [], id='none is sure enough'),
    pytest.param(THREE.of(['dog']), [0, 2], id='one class'),
    pytest.param(THREE.of([]), [0, 1, 2], id='no class named means all'),
    pytest.param(THREE.of(['bird']), [], id='a class that was not found'),
  ],
)
def test_a_selection_keeps_whole_rows(kept, rows):
  assert len(kept) == len(rows)
  np.testing.assert_array_equal(kept.boxes, THREE.boxes[rows])
  np.testing.assert_array_equal(kept.classes, THREE.classes[rows])
  np.testing.assert_array_equal(kept.scores, THREE.scores[rows])
  assert kept.names == tuple(THREE.names[row] for row in rows)


def test_detections_without_names_are_filtered_by_score():
  kept = NO_NAMES.above(0.4)
  assert (kept.classes.tolist(), kept.names) == ([2, 1], ())


def test_ids_of_another_label_map_go_by_name_and_unknown_names_are_left_out():
  kept = THREE.with_ids({'bird': 1, 'dog': 7})
  assert (kept.classes.tolist(), kept.names) == ([7, 7], ('dog', 'dog'))
  assert kept.classes.dtype == np.int64
