"""Precision, recall and F1 by confidence threshold at one IoU, and the threshold with the best F1 for each class."""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np

from detection.metrics import ranked
from detection.metrics.matching import assign
from detection.metrics.ranked import Ranked
from detection.metrics.results import Results, each

MOST_POINTS = 300  # of a curve


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
  """Precision, recall and F1 of one class at C confidence thresholds, MOST_POINTS at most.

  scores: [C] float64, distinct scores, highest first; the highest and the lowest are among them.
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
  return assignment(results, iou, assigned)


def assignment(results: Results, iou: float, assigned: np.ndarray) -> Assignment:
  """The Assignment in which detections are assigned these objects: [N] int, -1 for none."""
  counts = np.append(~(results.object_difficult | results.object_crowd), False)
  matched = assigned >= 0
  return Assignment(iou, assigned, matched & counts[assigned], matched & ~counts[assigned])


def curve(results: Results, assignment: Assignment, class_id: int) -> Curve:
  """Precision, recall and F1 of one class, at its detections' scores as the threshold."""
  return measure(ranked.of(results, (assignment.hit, assignment.ignored)), class_id)[0]


def measure(rows: Ranked, class_id: int) -> tuple[Curve, Point]:
  """Precision, recall and F1 of one class.

  Returns:
    At scores of its detections as the threshold, evenly spread over all; and, of all, what `best` says.
  """
  objects = sum(np.count_nonzero(block['right']) for block in rows.objects(class_id))
  count, highest = 0, best(_curve(np.zeros((3, 0)), objects))
  for points in _points(rows.detections(class_id)):
    point = best(_curve(points, objects))
    highest = point if point.f1 > highest.f1 else highest
    count += points.shape[1]
  kept = np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int))
  chosen, start = [np.zeros((3, 0))], 0
  for points in _points(rows.detections(class_id)):
    here = kept[(kept >= start) & (kept < start + points.shape[1])]
    chosen.append(points[:, here - start])
    start += points.shape[1]
  return _curve(np.concatenate(chosen, axis=1), objects), highest


def best(curve: Curve) -> Point:
  """The point with the highest F1, and of equal ones the highest score. Without a hit, score 1 and all else 0."""
  if not len(curve.f1) or not curve.f1.max() > 0:
    return Point(1.0, 0.0, 0.0, 0.0)
  index = int(curve.f1.argmax())
  values = (curve.scores, curve.precision, curve.recall, curve.f1)
  return Point(*(float(value[index]) for value in values))


def _points(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
  """[3, C] float64 for each block, and one at the end: distinct scores; detections kept and hits with no less."""
  pending = np.zeros((3, 0))
  hits = kept = 0
  for block in blocks:
    block = block[~block['neither']]
    found = hits + np.cumsum(block['right'])
    here = np.stack([block['score'], kept + np.arange(1.0, len(block) + 1), found])
    hits, kept = hits + np.count_nonzero(block['right']), kept + len(block)
    points = np.concatenate([pending, here], axis=1)
    # Equal scores are kept or dropped together; the next block may begin with one.
    yield points[:, np.flatnonzero(points[0, 1:] != points[0, :-1])]
    pending = points[:, -1:]
  yield pending


def _curve(points: np.ndarray, objects: int) -> Curve:
  scores, kept, found = points
  with np.errstate(invalid='ignore', divide='ignore'):
    recall = found / np.array(objects, float)
    f1 = 2 * found / (kept + objects)
  return Curve(scores, found / kept, recall, f1)


def kept(results: Results, thresholds: Mapping[int, float]) -> np.ndarray:
  """[N] bool: the detections that reach their class's threshold.

  thresholds: {class id: score}; detections of other classes are dropped.
  """
  least = np.array([thresholds.get(class_id, np.inf) for class_id in range(int(results.classes.max(initial=0)) + 1)])
  return results.scores >= least[results.classes]
