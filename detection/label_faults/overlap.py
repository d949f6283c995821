"""When a label and a detection mean the same object."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pycocotools import mask as coco_mask

from detection.label_faults.judged_image import JudgedImage
from detection.metrics.matching import overlaps, pixels

# From this IoU on, a label and a detection meet: they mean the same object. A label that lies further from its object
# is superfluous, and a label for the object is missing.
MEETS_IOU = 0.3


def with_labels(image: JudgedImage) -> np.ndarray:
  """[D, G] IoU of every detection with every label, whatever their classes."""
  # Scaling an axis does not change the IoU, so fractions of the image serve as well as pixels.
  detected, labelled = pixels(image.detections.boxes, 1, 1), pixels(image.ground_truth.boxes, 1, 1)
  return overlaps(detected, labelled, None, image.ground_truth)


def between(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
  """[A, B] IoU of `boxes`, [A, 4], with `others`, [B, 4]; corners as fractions of the image."""
  return coco_mask.iou(pixels(boxes, 1, 1), pixels(others, 1, 1), np.zeros(len(others), np.uint8))


def confident(image: JudgedImage, thresholds: Mapping[int, float]) -> np.ndarray:
  """[D] bool: the detections that reach the threshold of their class, {class id: score}; none of other classes."""
  least = np.array([thresholds.get(class_id, np.inf) for class_id in image.detections.classes.tolist()])
  return image.detections.scores >= least
