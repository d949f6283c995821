"""The faults of all images, ranked kind by kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from detection.label_faults import misplaced, missing, superfluous, thresholds
from detection.label_faults.fault import Fault
from detection.label_faults.judged_image import JudgedImage

Find = Callable[[JudgedImage, Mapping[int, float]], list[Fault]]

# In the order of the page.
KINDS: Mapping[str, Find] = {
  'missing': missing.find,
  'superfluous': superfluous.find,
  'misplaced': misplaced.find,
}


@dataclasses.dataclass(frozen=True)
class LabelFaults:
  """What a detector finds wrong with the labels.

  ranked: {kind of KINDS: faults, the highest score first}.
  images, boxes: how many were judged; boxes without those of unjudged classes.
  unjudged_classes: annotated classes that the detector does not know or never hits; their labels were not judged.
  folds: of the cross-validation; 0 where one detector judged all images, which it may have been trained on.
  """

  ranked: Mapping[str, tuple[Fault, ...]]
  images: int
  boxes: int
  unjudged_classes: tuple[str, ...]
  folds: int


def rank(images: Iterable[JudgedImage], ids: Mapping[str, int], folds: int = 0) -> LabelFaults:
  """Finds the faults of each kind and ranks them by their scores; of equal scores, the earlier image is first.

  Args:
    images: all that are judged; their labels and detections are held in memory.
    ids: {class name: id}, the label map of the detectors that judged.
    folds: see LabelFaults.
  """
  images = list(images)
  confident = thresholds.confident_scores(images, ids.values())
  labels = [label for image in images for label in image.labels]
  unjudged = {label for label in labels if ids.get(label) not in confident}
  ranked = {}
  for kind, find in KINDS.items():
    faults = [fault for image in images for fault in find(image, confident)]
    ranked[kind] = tuple(sorted(faults, key=lambda fault: -fault.score))
  judged = sum(label not in unjudged for label in labels)
  return LabelFaults(ranked, len(images), judged, tuple(sorted(unjudged)), folds)
