"""Badly placed boxes: labels whose object the detector finds, of the same class, but elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detection.label_faults import overlap
from detection.label_faults.fault import Fault, rounded
from detection.label_faults.judged_image import JudgedImage

# Above this IoU a label counts as well placed: detections are hardly more exact than that themselves.
WELL_PLACED_IOU = 0.6


def find(image: JudgedImage, thresholds: Mapping[int, float]) -> list[Fault]:
  """The labels of one image that lie beside their object.

  The detection that judges a label is the confident one of its class with the highest IoU, if it meets no other label
  better. The label is at fault where that IoU is at least MEETS_IOU and below WELL_PLACED_IOU.

  score: the detection's score x (1 - IoU).

  It follows the "badly located" score of ObjectLab (Tkachenko et al. 2023, arxiv.org/abs/2309.00832): the resemblance
  of a label to the most similar detection of its class. Here resemblance is the IoU alone, and a more confident
  detection weighs more.

  Args:
    image: its labels and detections. Difficult labels are not judged.
    thresholds: {class id: score from which a detection is confident}; labels of other classes are not judged.
  """
  truth, detections = image.ground_truth, image.detections
  faults: list[Fault] = []
  if not len(detections) or not len(truth.classes):
    return faults
  overlaps = overlap.with_labels(image)
  nearest = overlaps.argmax(axis=1)
  usable = overlap.confident(image, thresholds)[:, np.newaxis] & (detections.classes[:, np.newaxis] == truth.classes)
  of_class = np.where(usable, overlaps, 0.0)
  for number in np.flatnonzero(~(truth.difficult | truth.crowd)).tolist():
    row = int(of_class[:, number].argmax())
    iou = float(of_class[row, number])
    if nearest[row] != number or not overlap.MEETS_IOU <= iou < WELL_PLACED_IOU:
      continue
    score = round(float(detections.scores[row]) * (1 - iou), 4)
    places = rounded(truth.boxes[number]), rounded(detections.boxes[row])
    faults.append(Fault(image.name, number, image.labels[number], *places, score))
  return faults
