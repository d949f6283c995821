"""Superfluous boxes: labels that nothing like a detection meets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detection.label_faults import overlap
from detection.label_faults.fault import Fault, rounded
from detection.label_faults.judged_image import JudgedImage

# A label is met if a detection at its place has at least this fraction of a confident one's score: an object that is
# hard to see gets a low score, but background gets nearly none.
_HARD_TO_SEE = 0.5


def find(image: JudgedImage, thresholds: Mapping[int, float]) -> list[Fault]:
  """The labels of one image where the detector sees no object.

  score: 1 - the highest score of a detection, of any class, that meets the label with an IoU of MEETS_IOU or more.
  ObjectLab (Tkachenko et al. 2023, arxiv.org/abs/2309.00832) has no such kind; this is the mirror image of its
  "overlooked" one.

  Args:
    image: its labels and detections. Difficult labels are not judged: a detector need not find them.
    thresholds: {class id: score from which a detection is confident}; labels of other classes are not judged.
  """
  truth, scores = image.ground_truth, image.detections.scores
  meeting = np.where(overlap.with_labels(image) >= overlap.MEETS_IOU, scores[:, np.newaxis], 0.0).max(
    axis=0, initial=0.0
  )
  faults = []
  for number, label in enumerate(image.labels):
    threshold = thresholds.get(int(truth.classes[number]))
    exempt = truth.difficult[number] or truth.crowd[number]
    if threshold is None or exempt or meeting[number] >= _HARD_TO_SEE * threshold:
      continue
    score = round(1 - float(meeting[number]), 4)
    faults.append(Fault(image.name, number, label, rounded(truth.boxes[number]), None, score))
  return faults
