"""A labelled image with what a detector finds in it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from detection.detections import Detections
from detection.inference.detector import Detector
from detection.metrics.matching import GroundTruth
from detection.records import Example

# Detections below it are forgotten: many models fill up with them to 100 an image.
_LEAST_SCORE = 0.01


@dataclasses.dataclass(frozen=True)
class JudgedImage:
  """The labels of one image, and the detections that judge them.

  name: its path below the data folder.
  ground_truth: G labels. A class has its id of the detector's label map, or 0 if the detector does not know it.
  labels: G class names, as annotated.
  detections: by a detector with that label map, highest score first; without those below 0.01.
  """

  name: str
  ground_truth: GroundTruth
  labels: Sequence[str]
  detections: Detections


def judge(examples: Iterable[Example], detector: Detector) -> Iterator[JudgedImage]:
  """Detects in each image.

  Args:
    examples: read one by one; only a batch of images is held.
    detector: its batch size is that of the batches.

  Raises:
    DataError: if an image cannot be decoded.
  """
  examples = iter(examples)
  while batch := list(itertools.islice(examples, detector.batch_size)):
    found = detector.detect_encoded([example.encoded for example in batch])
    for example, detections in zip(batch, found, strict=True):
      truth = _ground_truth(example, detector.labels)
      yield JudgedImage(example.name, truth, example.labels, detections.above(_LEAST_SCORE))


def _ground_truth(example: Example, ids: Mapping[str, int]) -> GroundTruth:
  classes = np.array([ids.get(label, 0) for label in example.labels], np.int64)
  return GroundTruth(example.boxes, classes, example.difficult, example.crowd)
