"""The numbers of a set of images, overall and by class, from matched detections."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from detection.metrics import coco, names, operating, voc
from detection.metrics.results import Results


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


@dataclasses.dataclass(frozen=True)
class Scores:
  """What was measured, and what it was made from.

  metrics: {metric of names.ALL: value}, means over the classes that could be measured; NaN where none could.
  curves: of the classes, in their order.
  assignment: at the IoU of precision, recall and F1.
  """

  metrics: dict[str, float]
  classes: tuple[ClassScore, ...]
  curves: coco.Coco
  assignment: operating.Assignment

  def per_class(self) -> dict[str, dict[str, float]]:
    """{class: {metric: value}}"""
    return {row.name: row.metrics for row in self.classes}


def score(results: Results, labels: Mapping[str, int], iou: float) -> Scores:
  """Measures matched detections.

  Args:
    results: of all images.
    labels: {name: id}; all of them are reported.
    iou: of precision, recall and F1, in (0, 1].
  """
  curves = coco.accumulate(results, list(labels.values()))
  assignment = operating.assign_all(results, iou)
  classes = _of_classes(results, labels, curves, assignment)
  return Scores(_overall(curves, classes), classes, curves, assignment)


def _of_classes(
  results: Results, labels: Mapping[str, int], curves: coco.Coco, assignment: operating.Assignment
) -> tuple[ClassScore, ...]:
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


def _overall(curves: coco.Coco, classes: Sequence[ClassScore]) -> dict[str, float]:
  metrics = curves.metrics()
  for name in names.ALL:
    if name not in metrics:
      values = [row.metrics[name] for row in classes if not math.isnan(row.metrics[name])]
      metrics[name] = float(np.mean(values)) if values else math.nan
  return metrics
