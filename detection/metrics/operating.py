"""Precision, recall and F1 by confidence threshold at one IoU, and the threshold with the best F1 for each class."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from detection.metrics.matching import assign
from detection.metrics.results import Results, each


@dataclasses.dataclass(frozen=True)
class Assignment:
  """The object that each of N detections is assigned at one IoU.

  object: [N] int64, index into the object columns of Results; -1 for none.
  hit: [N] bool, the object counts.
  ignored: [N] bool, the object does not count, so the detection counts neither way. All others are false positives.
  """

  iou: float
  object: np.ndarray
  hit: np.ndarray
  ignored: np.ndarray


@dataclasses.dataclass(frozen=True)
class Curve:
  """Precision, recall and F1 of one class at C confidence thresholds.

  scores: [C] float64, the distinct scores, highest first.
  precision, recall, f1: [C] float64 if detections below that score are dropped; recall is NaN without objects.
  """

  scores: np.ndarray
  precision: np.ndarray
  recall: np.ndarray
  f1: np.ndarray


@dataclasses.dataclass(frozen=True)
class Point:
  """Precision, recall and F1 at one confidence threshold, `score`."""

  score: float
  precision: float
  recall: float
  f1: float


def assign_all(results: Results, iou: float) -> Assignment:
  """Matches every image as COCO does. iou: the least overlap of a hit, in (0, 1]."""
  assigned = np.full(len(results.scores), -1, np.int64)
  for image, found, objects, rows in each(results):
    local = assign(image.ground_truth, found, image.width, image.height, iou)
    assigned[rows] = np.where(local >= 0, local + objects.start, -1)
  counts = np.append(~(results.object_difficult | results.object_crowd), False)
  matched = assigned >= 0
  return Assignment(iou, assigned, matched & counts[assigned], matched & ~counts[assigned])


def curve(results: Results, assignment: Assignment, class_id: int) -> Curve:
  """Precision, recall and F1 of one class, at each of its detections' scores as the threshold."""
  counts = ~(results.object_difficult | results.object_crowd) & (results.object_class == class_id)
  rows = np.flatnonzero((results.classes == class_id) & ~assignment.ignored)
  rows = rows[np.argsort(-results.scores[rows], kind='stable')]
  scores = results.scores[rows]
  last = np.flatnonzero(np.diff(scores, append=-np.inf))  # equal scores are kept or dropped together
  found, kept, objects = np.cumsum(assignment.hit[rows])[last], last + 1, np.count_nonzero(counts)
  with np.errstate(invalid='ignore', divide='ignore'):
    recall = found / np.array(objects, float)
    f1 = 2 * found / (kept + objects)
  return Curve(scores[last], found / kept, recall, f1)


def best(curve: Curve) -> Point:
  """The point with the highest F1, and of equal ones the highest score. Without a hit, score 1 and all else 0."""
  if not len(curve.f1) or not curve.f1.max() > 0:
    return Point(1.0, 0.0, 0.0, 0.0)
  index = int(curve.f1.argmax())
  values = (curve.scores, curve.precision, curve.recall, curve.f1)
  return Point(*(float(value[index]) for value in values))


def kept(results: Results, thresholds: Mapping[int, float]) -> np.ndarray:
  """[N] bool: the detections that reach their class's threshold.

  thresholds: {class id: score}; detections of other classes are dropped.
  """
  least = np.array([thresholds.get(class_id, np.inf) for class_id in range(int(results.classes.max(initial=0)) + 1)])
  return results.scores >= least[results.classes]
