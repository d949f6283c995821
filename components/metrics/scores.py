"""The numbers of a set of images, overall and by class, from matched detections."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from components.metrics import coco, names, operating, voc
from components.metrics.results import Results


@dataclasses.dataclass(frozen=True)
class ClassScore:
  """One class.

  objects: labelled, less the difficult ones; images: that show one.
  metrics: {metric of names.ALL: value}, NaN unmeasured; precision, recall and F1 at `best`.
  best: the confidence of highest F1, and what it gives.
  curve: precision, recall and F1 by confidence.
  """

  name: str
  id: int
  objects: int
  images: int
  metrics: dict[str, float]
  best: operating.Point
  curve: operating.Curve


def of_classes(
  results: Results, labels: Mapping[str, int], curves: coco.Coco, assignment: operating.Assignment
) -> tuple[ClassScore, ...]:
  """Every class of the label map.

  Args:
    results: of all images.
    labels: {name: id}.
    curves: of coco.accumulate, for these ids in this order.
    assignment: of operating.assign_all, whose IoU is that of precision, recall and F1.
  """
  by_voc = voc.average_precision(results, list(labels.values()))
  scores = []
  for index, (name, class_id) in enumerate(labels.items()):
    mine = (results.object_class == class_id) & results.object_counted[:, 0]
    curve = operating.curve(results, assignment, class_id)
    best = operating.best(curve)
    metrics = curves.metrics(slice(index, index + 1))
    metrics |= {metric: float(values[index]) for metric, values in by_voc.items()}
    at_best = (best.precision, best.recall, best.f1) if mine.any() else [math.nan] * 3
    metrics |= dict(zip(('precision', 'recall', 'F1'), at_best, strict=True))
    images = len(np.unique(results.object_image[mine]))
    scores.append(ClassScore(name, class_id, int(mine.sum()), images, metrics, best, curve))
  return tuple(scores)


def overall(curves: coco.Coco, classes: Sequence[ClassScore]) -> dict[str, float]:
  """{metric of names.ALL: mean over the classes that could be measured}, NaN where none could."""
  metrics = curves.metrics()
  for name in names.ALL:
    if name not in metrics:
      values = [row.metrics[name] for row in classes if not math.isnan(row.metrics[name])]
      metrics[name] = float(np.mean(values)) if values else math.nan
  return metrics
