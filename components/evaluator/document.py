"""metrics.json: all numbers of an evaluation. Scores are in [0, 1], and null where nothing could be measured.

schema_version   1; raised when a key changes its meaning or is removed
verdict          {blessed, reason, checks: [{name, value, bound, passed, sentence}]}
sources          {model, baseline}: their URIs; baseline is '' if there was none
facts            {name: text}: base config, steps, data fingerprint, versions, ...
model, baseline  null if not measured, else
  images, objects, detections   counts; difficult objects are left out
  iou            the least overlap of a hit for precision, recall, F1, confusion and mistakes
  metrics        {metric: value}: AP, AP50, AP75, AP_small, AP_medium, AP_large, AR1, AR10, AR100, AR_small,
                 AR_medium, AR_large (COCO's), VOC07_AP50, VOC10_AP50 (Pascal VOC's), precision, recall, F1 (means
                 over classes, each at its best confidence)
  intervals      {AP, AP50: {low, high}}: 95 % bootstrap interval over images
  per_class      [{name, id, objects, images, metrics, best: {score, precision, recall, f1}}]
  confusion      {labels, counts}: rows are objects, columns detections; the last row is background, the last
                 column missed
  mistakes       {class: {false positives by cause, missed and found by size}}, at the best confidence
  slices         [{kind, name, images, objects, metrics}]
exports          [{name, bytes, milliseconds, metrics: {AP, AP50, AP75}}]: the SavedModel and the files made from it,
                 time of one image on this machine's CPU; empty without such files
difference       {AP, AP50: {value, low, high}}: model minus baseline, 95 % paired bootstrap; null without baseline
"""

import dataclasses
import json
from typing import Any

from components.evaluator.evaluation import Evaluation, without_nan
from components.evaluator.result import EvaluationResult
from detection.metrics.matching import AREA_NAMES
from detection.metrics.mistakes import CAUSES

SCHEMA_VERSION = 1


def text(result: EvaluationResult) -> str:
  """metrics.json as text."""
  return json.dumps(build(result), indent=2, allow_nan=False) + '\n'


def build(result: EvaluationResult) -> dict[str, Any]:
  """The content of metrics.json, as the module's docstring says."""
  model, baseline = result.model, result.baseline
  return {
    'schema_version': SCHEMA_VERSION,
    'verdict': result.verdict.as_dict(),
    'sources': dict(result.background.sources),
    'facts': dict(result.background.facts),
    'model': _model(model) if model else None,
    'baseline': _model(baseline) if baseline else None,
    'exports': [{**dataclasses.asdict(row), 'metrics': without_nan(row.metrics)} for row in result.exports],
    'difference': _difference(model, baseline) if model and baseline else None,
  }


def _model(evaluation: Evaluation) -> dict[str, Any]:
  names = [row.name for row in evaluation.classes]
  return {
    'images': evaluation.images,
    'objects': evaluation.objects,
    'detections': evaluation.detections,
    'iou': evaluation.settings.iou,
    'metrics': without_nan(evaluation.metrics),
    'intervals': {name: without_nan(dataclasses.asdict(value)) for name, value in evaluation.intervals().items()},
    'per_class': [
      {
        'name': row.name,
        'id': row.id,
        'objects': row.objects,
        'images': row.images,
        'metrics': without_nan(row.metrics),
        'best': dataclasses.asdict(row.best),
      }
      for row in evaluation.classes
    ],
    'confusion': {'labels': names, 'counts': evaluation.mistakes.confusion.tolist()},
    'mistakes': {name: _mistakes(evaluation, index) for index, name in enumerate(names)},
    'slices': [{**dataclasses.asdict(part), 'metrics': without_nan(part.metrics)} for part in evaluation.slices],
  }


def _mistakes(evaluation: Evaluation, index: int) -> dict[str, dict[str, int]]:
  mistakes = evaluation.mistakes
  return {
    'false_positives': dict(zip(CAUSES, mistakes.causes[index].tolist(), strict=True)),
    'missed': dict(zip(AREA_NAMES[1:], mistakes.missed[index].tolist(), strict=True)),
    'found': dict(zip(AREA_NAMES[1:], mistakes.found[index].tolist(), strict=True)),
  }


def _difference(model: Evaluation, baseline: Evaluation) -> dict[str, dict[str, float | None]]:
  return {
    name: without_nan({'value': model.metrics[name] - baseline.metrics[name], **dataclasses.asdict(interval)})
    for name, interval in model.difference(baseline).items()
  }
