"""Hard negatives: images that are known to hold nothing, and in which a detector finds something."""

from __future__ import annotations

from detection.crops.seen_images import SeenImages
from detection.label_next import doubt
from detection.label_next.choice import Chosen


def choose(seen: SeenImages, count: int, min_score: float) -> list[Chosen]:
  """The images with the most false positives, weighted by their scores; none without one.

  What a model gets wrong is what training on it changes (as in hard example mining, Shrivastava et al. 2016,
  arXiv:1604.03540, here over images and between two trainings).

  Args:
    seen: images of nothing.
    count: how many are chosen; all with a false positive if there are fewer.
    min_score: a detection from this score up is a false positive.
  """
  values = [float(found.above(min_score).scores.sum()) for found in seen.detections]
  order = sorted(range(len(seen)), key=lambda index: (-values[index], index))
  return [
    Chosen(index, doubt.uncertainty(seen.detections[index]), 0.0, None, values[index])
    for index in order[:count]
    if values[index] > 0
  ]
