"""Missing boxes: confident detections that no label meets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detection.label_faults import overlap
from detection.label_faults.fault import Fault, rounded
from detection.label_faults.judged_image import JudgedImage


def find(image: JudgedImage, thresholds: Mapping[int, float]) -> list[Fault]:
  """The detections of one image that point to an object without a label.

  score: the detection's score x (1 - its highest IoU with a label).

  The idea is that of the "overlooked" score of ObjectLab (Tkachenko et al. 2023, arxiv.org/abs/2309.00832): the less
  any label resembles a confident detection, the more likely its object was overlooked. Three things differ: labels of
  every class count, as a label of another class is a swapped one; resemblance is the IoU alone; boxes are ranked, not
  images.

  Args:
    image: its labels and detections.
    thresholds: {class id: score from which a detection is confident}; other classes are not judged.

  Returns:
    One fault for each place: of detections that meet each other, the one with the highest score.
  """
  detections = image.detections
  highest = overlap.with_labels(image).max(axis=1, initial=0.0)
  rows = np.flatnonzero(overlap.confident(image, thresholds) & (highest < overlap.MEETS_IOU))
  faults = []
  for row in _one_a_place(detections.boxes, rows):
    score = float(detections.scores[row] * (1 - highest[row]))
    faults.append(Fault(image.name, None, detections.names[row], None, rounded(detections.boxes[row]), round(score, 4)))
  return faults


def _one_a_place(boxes: np.ndarray, rows: np.ndarray) -> list[int]:
  """Those of `rows`, in the order of falling scores, that no earlier one of them meets."""
  kept: list[int] = []
  for row in rows.tolist():
    if not kept or overlap.between(boxes[kept], boxes[[row]]).max() < overlap.MEETS_IOU:
      kept.append(row)
  return kept
