"""Everything that one model scored on one set of images."""

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

  iou: of precision, recall, F1, the confusion matrix and mistakes; in (0, 1].
  slice_pattern: as slices.measure takes it.
  """

  iou: float = 0.5
  slice_pattern: str = ''


@dataclasses.dataclass(frozen=True)
class Evaluation:
  """One model's scores, and what they were made from.

  metrics: {metric of names.ALL: value}, means over the classes that could be measured.
  resampled: [B, 2], AP and AP50 of bootstrap resamples; row b of two evaluations of the same images is the same draw.
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
    """Labelled ones, less the difficult."""
    return int(self.results.object_counted[:, 0].sum())

  def per_class(self) -> dict[str, dict[str, float]]:
    """{class: {metric: value}}"""
    return {score.name: score.metrics for score in self.classes}

  def intervals(self) -> dict[str, bootstrap.Interval]:
    """{'AP' and 'AP50': confidence interval}"""
    return {name: bootstrap.interval(self.resampled[:, i]) for i, name in enumerate(('AP', 'AP50'))}

  def difference(self, before: 'Evaluation') -> dict[str, bootstrap.Interval]:
    """{'AP' and 'AP50': confidence interval of the rise over `before`, measured on the same images}"""
    rise = self.resampled - before.resampled
    return {name: bootstrap.interval(rise[:, i]) for i, name in enumerate(('AP', 'AP50'))}


def score(results: Results, labels: Mapping[str, int], settings: Settings, draws: np.ndarray) -> Evaluation:
  """Computes every number from matched detections.

  Args:
    results: of all images.
    labels: {name: id}; all of them are reported.
    settings: how.
    draws: [B, images], of bootstrap.draws.
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
  """per_class.csv: a header line, then a line a class; an empty field where nothing could be measured."""
  out = io.StringIO()
  writer = csv.writer(out, lineterminator='\n')
  writer.writerow(['class', 'id', 'objects', 'images', 'best_score', *names.ALL])
  for row in evaluation.classes:
    values = [without_nan(row.metrics)[name] for name in names.ALL]
    writer.writerow([row.name, row.id, row.objects, row.images, row.best.score, *values])
  return out.getvalue()


def without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
  """NaN as None: JSON has no NaN."""
  return {name: None if math.isnan(value) else value for name, value in values.items()}
