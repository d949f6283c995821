"""What TensorBoard shows of an evaluation beside its metrics: images with boxes, and precision-recall curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import PIL.Image
import tensorflow as tf
from tensorboard.plugins.pr_curve import summary as pr_curve

from detection.detections import Detections
from detection.metrics.matching import GroundTruth
from detection.report import drawing, palette
from detection.training.evaluation import Hits, Picture, TrainingEvaluation

SHOWN_SCORE = 0.3  # detections below are not drawn; the curves count them
THRESHOLDS = 101  # scores at which precision and recall are given
_LEAST_WIDTH = 320  # pixels: captions on smaller images cannot be read


def write(evaluation: TrainingEvaluation, labels: Mapping[str, int]) -> None:
  """Writes images and curves of the last evaluation, at the step and into the summary writer that are the default.

  Images are tagged `images/<number>`, curves `precision_recall/<class>/pr_curves`.
  """
  names = {number: name for name, number in labels.items()}
  for number, picture in enumerate(evaluation.pictures):
    tf.summary.image(f'images/{number}', side_by_side(picture, names)[np.newaxis])
  for name, hits in evaluation.hits.items():
    summary = precision_recall(f'precision_recall/{name}', hits)
    tf.summary.experimental.write_raw_pb(summary.SerializeToString(), tf.summary.experimental.get_step())


def side_by_side(picture: Picture, names: Mapping[int, str]) -> np.ndarray:
  """uint8 [height, 2 * width, 3]: ground truth on the left, detections of SHOWN_SCORE or more on the right."""
  image = PIL.Image.fromarray(picture.pixels)
  scale = max(1, -(-_LEAST_WIDTH // image.width))
  image = image.resize((image.width * scale, image.height * scale))
  found = picture.detections.above(SHOWN_SCORE)
  scores = [f' {score:.0%}' for score in found.scores]
  halves = [
    _drawn(image, picture.ground_truth, names, [''] * len(picture.ground_truth.classes)),
    _drawn(image, found, names, scores),
  ]
  return np.concatenate(halves, axis=1)


def precision_recall(tag: str, hits: Hits) -> tf.compat.v1.Summary:
  """Precision and recall at THRESHOLDS scores from 0 to 1, for TensorBoard's PR curves.

  Where nothing is detected, precision is 1: no detection is wrong. Detection knows no true negatives.
  """
  at = np.linspace(0, 1, THRESHOLDS)
  order = np.sort(hits.scores)
  positive = len(order) - np.searchsorted(order, at)
  right = np.sort(hits.scores[hits.right])
  true = len(right) - np.searchsorted(right, at)
  return pr_curve.raw_data_pb(
    tag,
    true_positive_counts=true,
    false_positive_counts=positive - true,
    true_negative_counts=np.zeros(THRESHOLDS),
    false_negative_counts=hits.objects - true,
    precision=np.where(positive, true / np.maximum(positive, 1), 1.0),
    recall=true / max(hits.objects, 1),
    num_thresholds=THRESHOLDS,
  )


def _drawn(
  image: PIL.Image.Image, objects: GroundTruth | Detections, names: Mapping[int, str], notes: Sequence[str]
) -> np.ndarray:
  captions = [names.get(number, str(number)) + note for number, note in zip(objects.classes, notes, strict=True)]
  colours = [palette.class_colour(int(number)) for number in objects.classes]
  return np.asarray(drawing.draw_boxes(image, objects.boxes, captions, colours))
