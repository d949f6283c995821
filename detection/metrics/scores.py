"""All metrics of a set of images, overall and by class, from ranked detections."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from detection.metrics import coco, names, operating, portions, voc
from detection.metrics.ranked import Ranked
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
  """

  metrics: dict[str, float]
  classes: tuple[ClassScore, ...]
  curves: coco.Coco

  def per_class(self) -> dict[str, dict[str, float]]:
    """{class name: {metric: value}}"""
    return {row.name: row.metrics for row in self.classes}


def score(results: Results, labels: Mapping[str, int], iou: float) -> Scores:
  """Measures matched detections that are held in memory.

  Args:
    results: of all images.
    labels: {class name: id}; every class is reported.
    iou: the least overlap of a hit for precision, recall and F1, in (0, 1].
  """
  return measure(portions.of(results, iou).ranked(), labels)


def measure(rows: Ranked, labels: Mapping[str, int]) -> Scores:
  """Measures ranked detections. labels: {class name: id}; every class is reported."""
  curves = coco.accumulate(rows, list(labels.values()))
  by_voc = voc.average_precision(rows, list(labels.values()))
  classes = []
  for index, (name, class_id) in enumerate(labels.items()):
    metrics = curves.metrics(slice(index, index + 1))
    metrics |= {metric: float(values[index]) for metric, values in by_voc.items()}
    classes.append(_class_score(rows, name, class_id, metrics))
  return Scores(_overall(curves, classes), tuple(classes), curves)


def _class_score(rows: Ranked, name: str, class_id: int, metrics: Mapping[str, float]) -> ClassScore:
  """metrics: all but those at `best`."""
  objects, images = _count(rows, class_id)
  curve, best = operating.measure(rows, class_id)
  at_best = (best.precision, best.recall, best.f1) if objects else [math.nan] * 3
  metrics = {**metrics, **dict(zip(('precision', 'recall', 'F1'), at_best, strict=True))}
  return ClassScore(name, class_id, objects, images, metrics, best, curve)


def _count(rows: Ranked, class_id: int) -> tuple[int, int]:
  """The number of objects of a class, without difficult ones, and of images that show one."""
  objects, images, last = 0, 0, -1
  for block in rows.objects(class_id):
    shown = block['image'][block['hits'][:, 0] > 0]
    objects += len(shown)
    images += int(np.count_nonzero(np.diff(shown, prepend=last)))
    last = shown[-1] if len(shown) else last
  return objects, images


def _overall(curves: coco.Coco, classes: Sequence[ClassScore]) -> dict[str, float]:
  metrics = curves.metrics()
  for name in names.ALL:
    if name not in metrics:
      values = [row.metrics[name] for row in classes if not math.isnan(row.metrics[name])]
      metrics[name] = float(np.mean(values)) if values else math.nan
  return metrics
