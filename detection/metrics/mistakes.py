"""Mistakes at one confidence threshold a class: confusion matrix, false positives by cause, missed objects by size.

Causes follow Hoiem et al., Diagnosing Error in Object Detectors, ECCV 2012, with their least overlap of 0.1. They count
a duplicate as badly localised; here it is a cause of its own.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from detection.metrics.matching import AREA_NAMES, AREA_RANGES, overlaps, pixels
from detection.metrics.operating import Assignment, assign_all, kept
from detection.metrics.results import Results, each, merge, select

CAUSES = ('background', 'localisation', 'confusion', 'duplicate')
_LEAST_OVERLAP = 0.1  # with less, a false positive lies on background
_HELD = 500  # images that are held until the best and the worst of them are chosen


@dataclasses.dataclass(frozen=True)
class Mistakes:
  """Mistakes of K classes on I images with G objects and N detections. All counts are int64.

  confusion: [K + 1, K + 1] counts. Row: the object's class; the last one is background, where false detections lie.
    Column: the detection's class; the last one is for missed objects.
  causes: [K, 4] false positives by CAUSES.
  missed, found: [K, 3] objects by size: small, medium, large.
  false_by_image, missed_by_image, hits_by_image: [I] counts.
  cause: [N] index into CAUSES of each false positive that reaches its threshold; -1 for every other detection.
  object_found: [G] bool.
  """

  confusion: np.ndarray
  causes: np.ndarray
  missed: np.ndarray
  found: np.ndarray
  false_by_image: np.ndarray
  missed_by_image: np.ndarray
  hits_by_image: np.ndarray
  cause: np.ndarray
  object_found: np.ndarray


def diagnose_all(
  portions: Iterable[tuple[Results, Assignment]],
  class_ids: Sequence[int],
  thresholds: Mapping[int, float],
  iou: float,
  most: int,
) -> tuple[Results, Mistakes]:
  """Examines portions of the images, and keeps the best and the worst images.

  Args:
    portions: all images.
    class_ids, thresholds: as in `diagnose`.
    iou: of the assignments.
    most: how many of the best and of the worst images are kept.

  Returns:
    The kept images; and Mistakes that has, in what is by image, by detection or by object, only those of these images.
  """

  def again(held: Sequence[Results]) -> tuple[Results, Mistakes]:
    shown = merge(held)
    return shown, diagnose(shown, assign_all(shown, iou), class_ids, thresholds)

  def chosen(shown: Results, made: Mistakes) -> Results:
    return select(shown, np.union1d(worst(made, most), best(made, most)))

  size = len(class_ids)
  tables = {'confusion': (size + 1, size + 1), 'causes': (size, len(CAUSES)), 'missed': (size, 3), 'found': (size, 3)}
  total = {name: np.zeros(shape, np.int64) for name, shape in tables.items()}
  held: list[Results] = []
  for matched, assignment in portions:
    made = diagnose(matched, assignment, class_ids, thresholds)
    for name, table in total.items():
      table += getattr(made, name)
    held.append(chosen(matched, made))
    if sum(len(part.names) for part in held) > _HELD:
      held = [chosen(*again(held))]
  held = [chosen(*again(held))]
  shown, made = again(held)
  return shown, dataclasses.replace(made, **total)


def worst(mistakes: Mistakes, most: int) -> np.ndarray:
  """Indices of at most `most` images with the most mistakes: false detections and missed objects."""
  wrong = mistakes.false_by_image + mistakes.missed_by_image
  order = np.argsort(-wrong, kind='stable')[:most]
  return order[wrong[order] > 0]


def best(mistakes: Mistakes, most: int) -> np.ndarray:
  """Indices of at most `most` images with the most objects found, and without any mistake."""
  clean = (mistakes.false_by_image + mistakes.missed_by_image == 0) & (mistakes.hits_by_image > 0)
  order = np.argsort(-np.where(clean, mistakes.hits_by_image, 0), kind='stable')[:most]
  return order[clean[order]]


def diagnose(
  results: Results, assignment: Assignment, class_ids: Sequence[int], thresholds: Mapping[int, float]
) -> Mistakes:
  """Examines every detection that reaches its class's threshold, and every object that counts.

  Args:
    results: all images.
    assignment: of the same detections.
    class_ids: the classes, in the order of the rows.
    thresholds: {class id: the least score}.
  """
  use = kept(results, thresholds)
  hit = use & assignment.hit
  false = use & ~assignment.hit & ~assignment.ignored
  counts = ~(results.object_difficult | results.object_crowd)
  object_found = np.zeros(len(counts), bool)
  object_found[assignment.object[hit]] = True
  missed = counts & ~object_found
  cause, confused_with = _examine_false(results, false, missed, assignment.iou)
  sizes = _sizes(results)
  images = len(results.names)
  index = {class_id: k for k, class_id in enumerate(class_ids)}
  return Mistakes(
    confusion=_confusion(results, index, hit, false, missed, confused_with),
    causes=_table(index, results.classes[false], cause[false], len(CAUSES)),
    missed=_table(index, results.object_class[missed], sizes[missed], len(AREA_NAMES) - 1),
    found=_table(index, results.object_class[object_found], sizes[object_found], len(AREA_NAMES) - 1),
    false_by_image=np.bincount(results.image[false], minlength=images),
    missed_by_image=np.bincount(results.object_image[missed], minlength=images),
    hits_by_image=np.bincount(results.image[hit], minlength=images),
    cause=cause,
    object_found=object_found,
  )


def _examine_false(
  results: Results, false: np.ndarray, missed: np.ndarray, iou: float
) -> tuple[np.ndarray, np.ndarray]:
  """Compares every false positive with the objects of its image.

  Args:
    results: all images.
    false: [N] bool, the false positives.
    missed: [G] bool, the missed objects.
    iou: the least overlap of a hit.

  Returns:
    cause: [N] index into CAUSES; -1 for detections that are not false.
    confused_with: [N] row of the missed object of another class that a false positive covers; -1 for none.
  """
  cause = np.full(len(false), -1)
  confused_with = np.full(len(false), -1)
  for image, found, objects, rows in each(results):
    wrong = np.flatnonzero(false[rows])
    if not len(wrong):
      continue
    truth = image.ground_truth
    detected, labelled = (pixels(boxes, image.width, image.height) for boxes in (found.boxes[wrong], truth.boxes))
    overlap = overlaps(detected, labelled, None, truth)
    same = found.classes[wrong, None] == truth.classes
    cause[rows.start + wrong] = _causes(overlap, same, iou)
    confused_with[rows.start + wrong] = _confused_objects(overlap, ~same & missed[objects], iou, objects.start)
  return cause, confused_with


def _causes(overlap: np.ndarray, same: np.ndarray, iou: float) -> np.ndarray:
  """[F] index into CAUSES of F false positives.

  Args:
    overlap: [F, G] IoU with all objects of the image.
    same: [F, G] bool, the object is of the detection's class.
    iou: the least overlap of a hit.
  """
  own = np.where(same, overlap, 0).max(axis=1, initial=0)
  other = np.where(same, 0, overlap).max(axis=1, initial=0)
  background, localisation, confusion, duplicate = range(len(CAUSES))
  placed = np.where(own >= other, localisation, confusion)
  placed = np.where(np.maximum(own, other) >= _LEAST_OVERLAP, placed, background)
  return np.where(own >= iou, duplicate, placed)


def _confused_objects(overlap: np.ndarray, open_to: np.ndarray, iou: float, start: int) -> np.ndarray:
  """[F] the row of the missed object of another class that each false positive covers, best score first; -1 for none.

  Args:
    overlap: [F, G] IoU with all objects of the image.
    open_to: [F, G] bool, missed objects of another class.
    iou: the least overlap that counts as covering.
    start: the row of the image's first object.
  """
  objects = np.full(len(overlap), -1)
  overlap = np.where(open_to, overlap, 0)
  for row in np.flatnonzero(overlap.max(axis=1, initial=0) >= iou):
    column = int(overlap[row].argmax())
    if overlap[row, column] >= iou:
      objects[row] = start + column
      overlap[:, column] = 0
  return objects


def _confusion(
  results: Results,
  index: Mapping[int, int],
  hit: np.ndarray,
  false: np.ndarray,
  missed: np.ndarray,
  confused_with: np.ndarray,
) -> np.ndarray:
  background = len(index)
  matrix = np.zeros((background + 1, background + 1), np.int64)
  truth, predicted = _rows(index, results.object_class), _rows(index, results.classes)
  confused = np.flatnonzero(confused_with >= 0)
  plain = false.copy()
  plain[confused] = False
  left = missed.copy()
  left[confused_with[confused]] = False
  np.add.at(matrix, (predicted[hit], predicted[hit]), 1)
  np.add.at(matrix, (truth[confused_with[confused]], predicted[confused]), 1)
  np.add.at(matrix, (background, predicted[plain]), 1)
  np.add.at(matrix, (truth[left], background), 1)
  return matrix


def _rows(index: Mapping[int, int], class_ids: np.ndarray) -> np.ndarray:
  return np.array([index[class_id] for class_id in class_ids.tolist()], np.int64)


def _table(index: Mapping[int, int], class_ids: np.ndarray, columns: np.ndarray, width: int) -> np.ndarray:
  table = np.zeros((len(index), width), np.int64)
  for class_id, row in index.items():
    table[row] = np.bincount(columns[class_ids == class_id], minlength=width)
  return table


def _sizes(results: Results) -> np.ndarray:
  """[G] COCO's size of each object by its area in pixels: 0 small, 1 medium, 2 large."""
  size = np.stack([results.widths, results.heights], axis=1)[results.object_image].astype(float)
  ymin, xmin, ymax, xmax = results.object_box.astype(float).T
  area = (xmax - xmin) * size[:, 0] * (ymax - ymin) * size[:, 1]
  return np.searchsorted(AREA_RANGES[1:3, 1], area, side='left')
