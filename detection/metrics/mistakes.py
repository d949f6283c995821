"""What goes wrong at the chosen confidence: confusion matrix, false positives by cause, misses by size, by image.

Causes follow Hoiem et al., Diagnosing Error in Object Detectors, ECCV 2012, their 0.1 included; a duplicate, which they
count as badly placed, stands alone.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from detection.metrics.matching import AREA_NAMES, AREA_RANGES, overlaps, pixels
from detection.metrics.operating import Assignment, kept
from detection.metrics.results import Results, each

CAUSES = ('background', 'localisation', 'confusion', 'duplicate')
_SOME_OVERLAP = 0.1


@dataclasses.dataclass(frozen=True)
class Mistakes:
  """At one IoU and one confidence a class.

  confusion: [K + 1, K + 1] counts, row: the object's class, column: the detection's; the last row is background, what
    false detections lay on, the last column is missed objects.
  causes: [K, 4] false positives by CAUSES.
  missed: [K, 3], found: [K, 3]: objects by size: small, medium, large.
  false_by_image, missed_by_image, hits_by_image: [I] counts.
  cause: [N] index into CAUSES of each false positive that is kept; -1 for every other detection.
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


def diagnose(
  results: Results, assignment: Assignment, class_ids: Sequence[int], thresholds: Mapping[int, float]
) -> Mistakes:
  """Looks at every detection that reaches its class's threshold, and at every object that counts.

  Args:
    results: all images.
    assignment: of the same detections.
    class_ids: the classes, in the order of rows.
    thresholds: {class id: the least score that is kept}.
  """
  use = kept(results, thresholds)
  hit = use & assignment.hit
  false = use & ~assignment.hit & ~assignment.ignored
  counts = ~(results.object_difficult | results.object_crowd)
  object_found = np.zeros(len(counts), bool)
  object_found[assignment.object[hit]] = True
  cause = np.full(len(use), -1)
  confused_with = np.full(len(use), -1)
  for image, found, objects, rows in each(results):
    wrong = np.flatnonzero(false[rows])
    if len(wrong):
      detected = pixels(found.boxes[wrong], image.width, image.height)
      overlap = overlaps(
        detected, pixels(image.ground_truth.boxes, image.width, image.height), None, image.ground_truth
      )
      same = found.classes[wrong, None] == image.ground_truth.classes
      cause[rows.start + wrong] = _causes(overlap, same, assignment.iou)
      free = counts[objects] & ~object_found[objects]
      confused_with[rows.start + wrong] = _stood_for(overlap, ~same & free, assignment.iou, objects.start)
  missed = counts & ~object_found
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


def _causes(overlap: np.ndarray, same: np.ndarray, iou: float) -> np.ndarray:
  """The cause of each false positive from its overlap [F, G] with all objects and which are of its class."""
  own = np.where(same, overlap, 0).max(axis=1, initial=0)
  other = np.where(same, 0, overlap).max(axis=1, initial=0)
  background, localisation, confusion, duplicate = range(len(CAUSES))
  placed = np.where(own >= other, localisation, confusion)
  placed = np.where(np.maximum(own, other) >= _SOME_OVERLAP, placed, background)
  return np.where(own >= iou, duplicate, placed)


def _stood_for(overlap: np.ndarray, open_to: np.ndarray, iou: float, start: int) -> np.ndarray:
  """Gives each false detection, best score first, the missed object of another class that it covers; -1 for none."""
  given = np.full(len(overlap), -1)
  overlap = np.where(open_to, overlap, 0)
  for row in np.flatnonzero(overlap.max(axis=1, initial=0) >= iou):
    column = int(overlap[row].argmax())
    if overlap[row, column] >= iou:
      given[row] = start + column
      overlap[:, column] = 0
  return given


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
