"""Hand-made labels and detections of one image; class ids are places in CLASSES, from 1."""

import numpy as np

from detection.detections import Detections
from detection.label_faults.judged_image import JudgedImage
from detection.metrics.matching import GroundTruth

IDS = {'cat': 1, 'dog': 2}
THRESHOLDS = {1: 0.5, 2: 0.5}
# (ymin, xmin, ymax, xmax). SHIFTED has an IoU of 0.5 with PLACE, ASIDE one of 0.2; AWAY does not touch it.
PLACE, SHIFTED, ASIDE = (0.0, 0.0, 0.3, 0.3), (0.0, 0.1, 0.3, 0.4), (0.0, 0.2, 0.3, 0.5)
AWAY = (0.6, 0.6, 0.9, 0.9)


def judged(labels=(), found=(), name='a.jpg', difficult=()):
  """labels: [(class name, box)]. found: [(class name, box, score)], best first. difficult: numbers of labels."""
  return JudgedImage(
    name,
    GroundTruth(
      boxes(labels),
      np.array([IDS.get(label[0], 0) for label in labels], np.int64),
      np.array([number in difficult for number in range(len(labels))], bool),
      np.zeros(len(labels), bool),
    ),
    [label[0] for label in labels],
    Detections(
      boxes(found),
      np.array([IDS[entry[0]] for entry in found], np.int64),
      np.array([entry[2] for entry in found], np.float32),
      tuple(entry[0] for entry in found),
    ),
  )


def boxes(entries):
  return np.array([entry[1] for entry in entries], np.float32).reshape(-1, 4)
