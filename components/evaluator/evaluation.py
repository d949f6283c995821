"""All scores of one model on one set of images."""

import csv
import dataclasses
import io
import math
from collections.abc import Mapping

import numpy as np

from detection.metrics import bootstrap, coco, mistakes, names, portions, scores, slices
from detection.metrics.results import Results

PICTURES = 6  # of the best images, and of the worst ones


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to measure.

  iou: the least overlap of a hit for precision, recall, F1, the confusion matrix and mistakes; in (0, 1].
  slice_pattern: the pattern of slices.measure.
  """

  iou: float = 0.5
  slice_pattern: str = ''


@dataclasses.dataclass(frozen=True)
class Evaluation:
  """One model's scores.

  metrics: {metric of names.ALL: value in [0, 1]}, means over the classes that could be measured; NaN if none could.
  images, objects, detections: how many there are; difficult objects are left out.
  shown: the best and the worst images, PICTURES of each at most, with their matched detections.
  mistakes: all; those by image, by object and by detection are of `shown`.
  resampled: [B, 2] float64, AP and AP50 of bootstrap resamples. Row b is the same resample for two evaluations of the
    same images.
  """

  metrics: dict[str, float]
  images: int
  objects: int
  detections: int
  classes: tuple[scores.ClassScore, ...]
  curves: coco.Coco
  shown: Results
  mistakes: mistakes.Mistakes
  slices: tuple[slices.Slice, ...]
  resampled: np.ndarray
  settings: Settings

  def per_class(self) -> dict[str, dict[str, float]]:
    """{class name: {metric: value}}"""
    return {score.name: score.metrics for score in self.classes}

  def intervals(self) -> dict[str, bootstrap.Interval]:
    """{'AP' and 'AP50': confidence interval}"""
    return {name: bootstrap.interval(self.resampled[:, i]) for i, name in enumerate(('AP', 'AP50'))}

  def difference(self, before: 'Evaluation') -> dict[str, bootstrap.Interval]:
    """{'AP' and 'AP50': confidence interval of the rise over `before`, measured on the same images}"""
    # Of a model with more detections fewer resamples are drawn: the first ones.
    common = min(len(self.resampled), len(before.resampled))
    rise = self.resampled[:common] - before.resampled[:common]
    return {name: bootstrap.interval(rise[:, i]) for i, name in enumerate(('AP', 'AP50'))}


def score(matched: portions.Held | portions.Stored, labels: Mapping[str, int], settings: Settings) -> Evaluation:
  """Computes all scores from matched detections, which are read twice, a portion at a time.

  Args:
    matched: all images, matched with the IoU of `settings`.
    labels: {class name: id}; every class is reported.
    settings: how to measure.
  """
  class_ids = list(labels.values())
  parting = slices.Parting(settings.slice_pattern)
  with portions.rank(matched, parting) as rows:
    scored = scores.measure(rows, labels)
    parts = slices.measure_parts(rows, class_ids, parting)
    resampled = bootstrap.resampled(rows, class_ids, parting.images)
  thresholds = {row.id: row.best.score for row in scored.classes}
  assigned = ((portion.results, portion.assignment) for portion in matched)
  shown, found = mistakes.diagnose_all(assigned, class_ids, thresholds, settings.iou, PICTURES)
  return Evaluation(
    metrics=scored.metrics,
    images=parting.images,
    objects=parting.objects,
    detections=rows.count,
    classes=scored.classes,
    curves=scored.curves,
    shown=shown,
    mistakes=found,
    slices=tuple(parts),
    resampled=resampled,
    settings=settings,
  )


def class_table(evaluation: Evaluation) -> str:
  """per_class.csv: a header line, then a line for each class; a field is empty where nothing could be measured."""
  out = io.StringIO()
  writer = csv.writer(out, lineterminator='\n')
  writer.writerow(['class', 'id', 'objects', 'images', 'best_score', *names.ALL])
  for row in evaluation.classes:
    values = [without_nan(row.metrics)[name] for name in names.ALL]
    writer.writerow([row.name, row.id, row.objects, row.images, row.best.score, *values])
  return out.getvalue()


def without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
  """The values with None for NaN, which JSON does not have."""
  return {name: None if math.isnan(value) else value for name, value in values.items()}
