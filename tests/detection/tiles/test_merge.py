"""What overlapping tiles found twice is kept once."""

import numpy as np
import pytest

from detection.tiles import merge

WHOLE, PIECE, NEAR, FAR = (0, 0, 40, 40), (0, 0, 40, 15), (4, 0, 44, 40), (80, 80, 120, 120)


@pytest.mark.parametrize(
  ('rows', 'expected'),
  [
    pytest.param([], [], id='nothing'),
    pytest.param([(WHOLE, 1, 0.6, False), (FAR, 1, 0.9, False)], [1, 0], id='two objects, the surest first'),
    pytest.param([(WHOLE, 1, 0.6, False), (NEAR, 1, 0.9, False)], [1], id='one object found twice'),
    pytest.param([(WHOLE, 1, 0.6, False), (NEAR, 2, 0.9, False)], [1, 0], id='of two classes'),
    pytest.param([(WHOLE, 1, 0.6, False), (PIECE, 1, 0.9, True)], [0], id='the whole one, not a surer piece'),
    pytest.param([(PIECE, 1, 0.9, True), (FAR, 1, 0.2, False)], [0, 1], id='a piece that nobody saw whole'),
    pytest.param([(WHOLE, 1, 0.9, False), (PIECE, 1, 0.6, False)], [0], id='a small one inside a large one'),
  ],
)
def test_detections_of_tiles_are_merged(rows, expected):
  boxes = np.array([row[0] for row in rows], np.float32).reshape(-1, 4)
  classes, scores, cut = (np.array([row[index] for row in rows]) for index in (1, 2, 3))
  assert merge.keep(boxes, classes, scores, cut.astype(bool)).tolist() == expected
