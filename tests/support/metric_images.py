"""Hand-made images for the metrics, and many at once."""

import numpy as np

from detection.detections import Detections
from detection.metrics import results
from detection.metrics.matching import GroundTruth


def make_image(number, *, truth=(), found=(), size=(640, 480)):
  """truth: (box, class[, 'difficult' or 'crowd']); found: (box, class, score). `number`: or the image's name."""
  labelled = GroundTruth(
    _boxes(truth),
    np.array([row[1] for row in truth], np.int64),
    np.array(['difficult' in row[2:] for row in truth], bool),
    np.array(['crowd' in row[2:] for row in truth], bool),
  )
  detected = Detections(
    _boxes(found), np.array([row[1] for row in found], np.int64), np.array([row[2] for row in found])
  )
  name = number if isinstance(number, str) else f'{number:06d}.jpg'
  return results.Image(name, size[0], size[1], labelled), detected


def crowded_images(count, classes, detections, seed=0):
  """Images whose detections are mostly moved copies of the objects."""
  rng = np.random.default_rng(seed)
  images = []
  for number in range(1, count + 1):
    corners = rng.random((8, 2)) * 0.6
    truth_boxes = np.hstack([corners, corners + 0.02 + rng.random((8, 2)) * 0.4]).astype(np.float32)
    truth_classes = rng.integers(1, classes + 1, 8)
    chosen = rng.integers(0, 8, detections)
    found_boxes = (truth_boxes[chosen] + rng.normal(0, 0.03, (detections, 4))).astype(np.float32)
    found_boxes[:, 2:] = np.maximum(found_boxes[:, 2:], found_boxes[:, :2] + 0.01)
    found_classes = np.where(rng.random(detections) < 0.8, truth_classes[chosen], rng.integers(1, classes + 1))
    truth = GroundTruth(truth_boxes, truth_classes, rng.random(8) < 0.1, rng.random(8) < 0.1)
    found = Detections(found_boxes, found_classes, rng.random(detections).astype(np.float32))
    images.append((results.Image(f'{number:06d}.jpg', 320, 240, truth), found))
  return images


def merged(*images):
  """The Results of images."""
  return results.merge(results.of_image(image, found) for image, found in images)


def _boxes(rows):
  return np.array([row[0] for row in rows], np.float32).reshape(-1, 4)


BOX = (0.1, 0.1, 0.5, 0.5)
NEAR = (0.12, 0.12, 0.5, 0.5)  # IoU with BOX 0.9
HALF = (0.1, 0.1, 0.5, 0.26)  # IoU with BOX 0.4
FAR = (0.6, 0.6, 0.9, 0.9)
TINY = (0.1, 0.1, 0.12, 0.12)
