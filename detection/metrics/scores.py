"""All metrics of a set of images, overall and by class, from matched detections."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from detection.metrics import coco, names, operating, voc
from detection.metrics.results import Results


@dataclasses.dataclass(frozen=True)
class ClassScore:
  """The metrics of one class.

  objects: number of labelled objects, without difficult ones.
  images: number of images that show one of them.
  metrics: {metric of names.ALL: value in [0, 1]}, NaN without objects; precision, recall and F1 at `best`.
  best: the confidence threshold with the highest F1, and precision, recall and F1 there.
  curve: precision, recall and F1 by confidence threshold.
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
  """The metrics of a set of images.

  metrics: {metric of names.ALL: value in [0, 1]}, means over the classes with objects; NaN if no class has any.
  classes: in the order of the label map.
  curves: COCO's precision and recall, classes in the same order.
  assignment: which detection hit which object, at the IoU of precision, recall and F1.
  """

  metrics: dict[str, float]
  classes: tuple[ClassScore, ...]
  curves: coco.Coco
  assignment: operating.Assignment

  def per_class(self) -> dict[str, dict[str, float]]:
    """{class name: {metric: value}}"""
    return {row.name: row.metrics for row in self.classes}


def score(results: Results, labels: Mapping[str, int], iou: float) -> Scores:
  """Measures matched detections.

  Args:
    results: of all images.
    labels: {class name: id}; every class is reported.
    iou: the least overlap of a hit for precision, recall and F1, in (0, 1].
  """
  curves = coco.accumulate(results, list(labels.values()))
  assignment = operating.assign_all(results, iou)
  classes = _class_scores(results, labels, curves, assignment)
  return Scores(_overall(curves, classes), classes, curves, assignment)


def _class_scores(
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
