"""One list of detections from those of overlapping tiles, as sliced inference does (Akyon et al. 2022,
arXiv:2202.06934)."""

from __future__ import annotations

import numpy as np

# A detection goes if a better one of its class covers this part of it, or it covers this part of a better one: the
# piece of an object that one tile sees is small beside the whole one that another tile sees, so their IoU says little.
_SAME = 0.5


def keep(boxes: np.ndarray, classes: np.ndarray, scores: np.ndarray, cut: np.ndarray) -> np.ndarray:
  """Which detections stay: their indices, the highest score first.

  Args:
    boxes: [N, 4], (ymin, xmin, ymax, xmax) in one unit. classes: [N]. scores: [N].
    cut: bool [N], whether the detection ends where its tile does and the image does not. Where two mean one object,
      one that is not cut is better than one that is; else the higher score is.
  """
  kept: list[int] = []
  for label in np.unique(classes):
    rows = np.flatnonzero(classes == label)
    kept += _keep_of_class(boxes, rows[np.lexsort((-scores[rows], cut[rows]))])
  return np.array(sorted(kept, key=lambda index: -scores[index]), np.int64)


def _keep_of_class(boxes: np.ndarray, order: np.ndarray) -> list[int]:
  kept = []
  while len(order):
    first, rest = order[0], order[1:]
    kept.append(int(first))
    low = np.maximum(boxes[rest, :2], boxes[first, :2])
    high = np.minimum(boxes[rest, 2:], boxes[first, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    smaller = np.minimum(_areas(boxes[rest]), _areas(boxes[first][np.newaxis])[0])
    order = rest[shared < _SAME * smaller]
  return kept


def _areas(boxes: np.ndarray) -> np.ndarray:
  return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-12), axis=1)
