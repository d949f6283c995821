"""How much a detector doubts what it found in an image: by its scores, and by what it finds in the mirror."""

from __future__ import annotations

import numpy as np

from detection.detections import Detections
from detection.label_faults import overlap

# What is hardly a detection says nothing about an image, and there are many of them.
MIN_SCORE = 0.1


def uncertainty(found: Detections) -> float:
  """The sum of the entropy, in bits, of every detection's score: 1 for a score of 0.5, 0 for 0 and 1.

  The sum over detections did best in Brust et al. 2018 (arXiv:1809.09875); an image with more doubtful objects teaches
  more, and takes longer to label.
  """
  scores = found.above(MIN_SCORE).scores.astype(np.float64).clip(1e-9, 1 - 1e-9)
  return float(-np.sum(scores * np.log2(scores) + (1 - scores) * np.log2(1 - scores)))


def disagreement(found: Detections, mirrored: Detections) -> float:
  """How far two views of one image disagree; 0 where they agree in every box, class and score.

  Each detection of one view is compared with the one of the other view and of its class that overlaps it most: it adds
  its score, less the part of it that the overlap and the other's score confirm (after Yu et al. 2022,
  arXiv:2103.10374, who compare boxes and class scores under flips).
  """
  first, second = found.above(MIN_SCORE), mirrored.above(MIN_SCORE)
  return _unconfirmed(first, second) + _unconfirmed(second, first)


def _unconfirmed(found: Detections, other: Detections) -> float:
  if not len(found):
    return 0.0
  if not len(other):
    return float(found.scores.sum())
  iou = overlap.between(found.boxes, other.boxes) * (found.classes[:, np.newaxis] == other.classes)
  confirmed = (iou * np.minimum(found.scores[:, np.newaxis], other.scores)).max(axis=1)
  return float(np.sum(found.scores - confirmed))
