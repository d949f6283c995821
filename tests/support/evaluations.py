"""Evaluations of hand-made detections, with class names that could break a page or a chart."""

import io

import PIL.Image

from components.evaluator import evaluation, verdict
from components.evaluator.result import Background, EvaluationResult
from detection.metrics import portions
from tests.support import metric_images

LABELS = {'<b>red</b>': 1, '_$cost$': 2, 'never there': 3}
HISTORY = [{'step': step, 'AP': step / 400, 'AP50': step / 300, 'train/Loss/total_loss': 1.0} for step in (100, 200)]


def scored(blind=False):
  """The Evaluation of 12 images of two classes; blind: of a model that finds nothing."""
  merged = metric_images.merged(*metric_images.crowded_images(12, classes=2, detections=0 if blind else 12))
  settings = evaluation.Settings(slice_pattern='0([0-9])[.]jpg')
  return evaluation.score(portions.Held([portions.of(merged, settings.iou)]), LABELS, settings)


def scored_one(*images):
  """The Evaluation of images of metric_images.make_image, with the one class red."""
  merged = metric_images.merged(*images)
  return evaluation.score(portions.Held([portions.of(merged, 0.5)]), {'red': 1}, evaluation.Settings())


def result_of(model, baseline=None):
  """The EvaluationResult of a model that has to reach AP50 0.5."""
  background = Background(
    sources={'model': '/models/<1>', 'baseline': ''},
    facts={'architecture': 'ssd'},
    history=HISTORY,
    train_objects={'<b>red</b>': 3},
  )
  judged = verdict.judge(model.metrics, model.per_class(), verdict.Bounds({'AP50': 0.5}))
  return EvaluationResult(judged, background, model, baseline)


def encoded(names):
  """{name: a JPEG} for each name."""
  buffer = io.BytesIO()
  PIL.Image.new('RGB', (320, 240), (90, 110, 90)).save(buffer, 'JPEG')
  return dict.fromkeys(names, buffer.getvalue())
