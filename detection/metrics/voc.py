"""Pascal VOC's average precision at one IoU: of 2007, at 11 points, and of 2010 and later, as an area.

VOC's matching differs from COCO's: a detection is compared with the object of its class that it overlaps most, even if
that one is already matched; the second detection of an object is a false positive. A detection of a `difficult` object
counts neither way.

Reference: Everingham et al., The Pascal Visual Object Classes (VOC) Challenge, IJCV 2010, and VOCdevkit's VOCevaldet.m;
boxes are continuous, as in the OD API, whereas VOCevaldet.m adds a pixel to every width and height.
"""

from collections.abc import Sequence

import numpy as np

from detection.metrics import names
from detection.metrics.matching import overlaps, pixels
from detection.metrics.results import Results, each


def average_precision(results: Results, class_ids: Sequence[int], iou: float = 0.5) -> dict[str, np.ndarray]:
  """Both average precisions of every class.

  Args:
    results: detections and objects; their COCO matching is not used.
    class_ids: the classes to report.
    iou: the least overlap of a hit.

  Returns:
    {name of names.VOC: [classes] float64 in [0, 1]}, NaN for a class without an object that counts.
  """
  hits, ignored = _match(results, iou)
  values = {name: np.full(len(class_ids), np.nan) for name in names.VOC}
  counts = ~(results.object_difficult | results.object_crowd)
  for k, class_id in enumerate(class_ids):
    objects = np.count_nonzero(counts & (results.object_class == class_id))
    if not objects:
      continue
    rows = np.flatnonzero((results.classes == class_id) & ~ignored)
    hit = hits[rows[np.argsort(-results.scores[rows], kind='stable')]]
    found = np.cumsum(hit)
    precision, recall = found / np.arange(1, len(hit) + 1), found / objects
    values[names.VOC[0]][k] = eleven_points(precision, recall)
    values[names.VOC[1]][k] = area(precision, recall)
  return values


def eleven_points(precision: np.ndarray, recall: np.ndarray) -> float:
  """VOC 2007: the mean, over recall 0, 0.1, ... 1, of the highest precision at that recall or beyond."""
  return float(np.mean([precision[recall >= level].max(initial=0.0) for level in np.arange(11) / 10]))


def area(precision: np.ndarray, recall: np.ndarray) -> float:
  """VOC 2010: the area under the curve of precision, made monotonically decreasing, over recall."""
  envelope = np.maximum.accumulate(precision[::-1])[::-1]
  return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def _match(results: Results, iou: float) -> tuple[np.ndarray, np.ndarray]:
  """[N] bool each: the detection hits an object; the detection counts neither way."""
  hits, ignored = np.zeros(len(results.scores), bool), np.zeros(len(results.scores), bool)
  for image, found, _, rows in each(results):
    detected = pixels(found.boxes, image.width, image.height)
    overlap = overlaps(
      detected, pixels(image.ground_truth.boxes, image.width, image.height), found.classes, image.ground_truth
    )
    if not overlap.size:
      continue
    best = overlap.argmax(axis=1)
    reached = overlap.max(axis=1) >= iou
    uncounted = (image.ground_truth.difficult | image.ground_truth.crowd)[best]
    candidates = np.flatnonzero(reached & ~uncounted)
    _, first = np.unique(best[candidates], return_index=True)
    hits[rows.start + candidates[first]] = True
    ignored[rows] = reached & uncounted
  return hits, ignored
