"""Precision, recall and F1 by confidence at one IoU, and the confidence that serves each class best."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from detection.metrics.matching import assign
from detection.metrics.results import Results, each


@dataclasses.dataclass(frozen=True)
class Assignment:
  """Which object each detection was given at one IoU.

  object: [N] index into the object columns of Results; -1 for none.
  hit, ignored: [N] bool: given an object that counts; given one that does not. Neither: false.
  """

  iou: float
  object: np.ndarray
  hit: np.ndarray
  ignored: np.ndarray


@dataclasses.dataclass(frozen=True)
class Curve:
  """One class by confidence. All [C], by falling score, one entry a distinct score; NaN recall without objects."""

  scores: np.ndarray
  precision: np.ndarray
  recall: np.ndarray
  f1: np.ndarray


@dataclasses.dataclass(frozen=True)
class Point:
  """Where a class's F1 is highest. Without a single hit the threshold is 1, and precision and recall are 0."""

  score: float
  precision: float
  recall: float
  f1: float


def assign_all(results: Results, iou: float) -> Assignment:
  """Matches every image at `iou`, in (0, 1], as COCO does."""
  given = np.full(len(results.scores), -1, np.int64)
  for image, found, objects, rows in each(results):
    local = assign(image.ground_truth, found, image.width, image.height, iou)
    given[rows] = np.where(local >= 0, local + objects.start, -1)
  counts = np.append(~(results.object_difficult | results.object_crowd), False)
  matched = given >= 0
  return Assignment(iou, given, matched & counts[given], matched & ~counts[given])


def curve(results: Results, assignment: Assignment, class_id: int) -> Curve:
  """Precision, recall and F1 of one class were detections below each score dropped."""
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
  """The point of highest F1; of equal ones that of the highest score."""
  if not len(curve.f1) or not curve.f1.max() > 0:
    return Point(1.0, 0.0, 0.0, 0.0)
  index = int(curve.f1.argmax())
  values = (curve.scores, curve.precision, curve.recall, curve.f1)
  return Point(*(float(value[index]) for value in values))


def at(curve: Curve, score: float) -> Point:
  """The point where detections below `score` are dropped; precision is NaN if none is left."""
  index = int(np.searchsorted(-curve.scores, -score, side='right')) - 1
  if index < 0:
    return Point(score, float('nan'), 0.0, 0.0)
  return Point(score, float(curve.precision[index]), float(curve.recall[index]), float(curve.f1[index]))


def kept(results: Results, thresholds: Mapping[int, float]) -> np.ndarray:
  """[N] bool: detections that reach their class's threshold, {class id: score}; classes left out are dropped."""
  least = np.array([thresholds.get(class_id, np.inf) for class_id in range(int(results.classes.max(initial=0)) + 1)])
  return results.scores >= least[results.classes]
