"""From which score on a detection counts as confident: measured on the very images that are judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detection.label_faults.judged_image import JudgedImage
from detection.metrics import operating, results

_IOU = 0.5


def confident_scores(images: Sequence[JudgedImage], ids: Iterable[int]) -> dict[int, float]:
  """The threshold of each class: the score at which precision and recall on these labels have the highest F1.

  A fixed score would mean something else for every detector; this one is where most labels are met by a detection
  and most detections meet a label, so that what does not meet is worth a look. Faults are few beside right labels and
  hardly move it.

  Args:
    images: all that are judged.
    ids: of the detector's label map.

  Returns:
    {class id: score}. A class that no detection hits with an IoU of 0.5 is left out: the detector cannot judge it.
  """
  # Neither names nor sizes in pixels play a part here.
  named = ((str(number), image) for number, image in enumerate(images))
  merged = results.merge(
    results.of_image(results.Image(name, 1, 1, image.ground_truth), image.detections) for name, image in named
  )
  assignment = operating.assign_all(merged, _IOU)
  points = {number: operating.best(operating.curve(merged, assignment, number)) for number in sorted(set(ids))}
  return {number: point.score for number, point in points.items() if point.f1 > 0}
