"""All scores of one model on one set of images."""

import csv
import dataclasses
import io
import math
from collections.abc import Mapping

import numpy as np

from detection.metrics import bootstrap, coco, mistakes, names, scores, slices
from detection.metrics.results import Results


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
  """One model's scores, and the matched detections that they are computed from.

  metrics: {metric of names.ALL: value in [0, 1]}, means over the classes that could be measured; NaN if none could.
  resampled: [B, 2] float64, AP and AP50 of bootstrap resamples. Row b is the same resample for two evaluations of the
    same images.
  """

  metrics: dict[str, float]
  classes: tuple[scores.ClassScore, ...]
  results: Results
  curves: coco.Coco
  mistakes: mistakes.Mistakes
  slices: tuple[slices.Slice, ...]
  resampled: np.ndarray
  settings: Settings

  @property
  def images(self) -> int:
    return len(self.results.names)

  @property
  def objects(self) -> int:
    """Number of labelled objects, without difficult ones."""
    return int(self.results.object_counted[:, 0].sum())

  def per_class(self) -> dict[str, dict[str, float]]:
    """{class name: {metric: value}}"""
    return {score.name: score.metrics for score in self.classes}

  def intervals(self) -> dict[str, bootstrap.Interval]:
    """{'AP' and 'AP50': confidence interval}"""
    return {name: bootstrap.interval(self.resampled[:, i]) for i, name in enumerate(('AP', 'AP50'))}

  def difference(self, before: 'Evaluation') -> dict[str, bootstrap.Interval]:
    """{'AP' and 'AP50': confidence interval of the rise over `before`, measured on the same images}"""
    rise = self.resampled - before.resampled
    return {name: bootstrap.interval(rise[:, i]) for i, name in enumerate(('AP', 'AP50'))}


def score(results: Results, labels: Mapping[str, int], settings: Settings, draws: np.ndarray) -> Evaluation:
  """Computes all scores from matched detections.

  Args:
    results: of all images.
    labels: {class name: id}; every class is reported.
    settings: how to measure.
    draws: [B, images], from bootstrap.draws.
  """
  class_ids = list(labels.values())
  scored = scores.score(results, labels, settings.iou)
  thresholds = {row.id: row.best.score for row in scored.classes}
  return Evaluation(
    metrics=scored.metrics,
    classes=scored.classes,
    results=results,
    curves=scored.curves,
    mistakes=mistakes.diagnose(results, scored.assignment, class_ids, thresholds),
    slices=tuple(slices.measure(results, class_ids, settings.slice_pattern)),
    resampled=bootstrap.resampled_ap(results, class_ids, draws),
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
