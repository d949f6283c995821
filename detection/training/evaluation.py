"""Evaluation during training, in the same process: the evaluator's metrics, on the OD API's eval input."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from detection.detections import Detections
from detection.metrics import names, operating, portions, results, scores
from detection.metrics.matching import GroundTruth
from detection.odapi.model import config_facts, inputs
from detection.odapi.model.engine import Engine
from detection.odapi.model.fields import DetectionResultFields as _Output
from detection.odapi.model.fields import InputDataFields as _Input
from detection.odapi.model.inputs import EvalOptions

_IOU = 0.5  # of precision, recall, F1 and `hits`, as Pascal VOC's


@dataclasses.dataclass(frozen=True)
class Picture:
  """An eval image with its objects and what was found in it. pixels: uint8 [height, width, 3], RGB, as resized."""

  pixels: np.ndarray
  ground_truth: GroundTruth
  detections: Detections


@dataclasses.dataclass(frozen=True)
class Hits:
  """The detections of one class in the whole split, without those that COCO ignores.

  objects: number of labelled objects, difficult ones left out.
  scores: float64 [N], of the detections.
  right: bool [N], whether a detection is the one with the highest score that matches its object, at an IoU of 0.5.
  """

  objects: int
  scores: np.ndarray
  right: np.ndarray


class TrainingEvaluation:
  """Evaluates an engine's present weights on the eval split, each time it is called.

  Attributes:
    pictures: the first images of the split, with what the last evaluation found in them.
    hits: {class name: Hits} of the last evaluation.
  """

  def __init__(
    self,
    engine: Engine,
    labels: Mapping[str, int],
    options: EvalOptions | None = None,
    pictures: int = 0,
    watch: str = 'AP',
    is_stopped: Callable[[], bool] = lambda: False,
  ) -> None:
    """Reads nothing yet but the number of images.

    Args:
      engine: whose present weights are evaluated.
      labels: {class name: id}.
      options: which images are evaluated; None for all.
      pictures: how many images are kept.
      watch: a metric that is always in the result, also one of a single class, such as AP50/cat.
      is_stopped: called before each batch; when it returns True, the evaluation ends without a result.
    """
    self._engine = engine
    self._is_stopped = is_stopped
    self._labels = labels
    self._watch = watch
    # Images of different sizes do not fit into one batch.
    self._batch_size = 8 if config_facts.static_size(engine.config) else 1
    self._batches, self._count = inputs.eval_batches(engine.config, engine.model, self._batch_size, options)
    self._kept = pictures
    self.pictures: list[Picture] = []
    self.hits: dict[str, Hits] = {}

  def __call__(self) -> dict[str, float] | None:
    """Evaluates the present weights.

    Returns:
      Every metric of names.ALL, NaN where there is nothing to measure it on; the watched metric; and the mean losses of
      the split, as `eval/<loss>`. None if the evaluation was stopped before its end.
    """
    images: list[results.Results] = []
    losses: dict[str, list[float]] = {}
    self.pictures = []
    with self._engine.evaluated_weights():
      for features, labels in self._batches:
        if self._is_stopped():
          return None
        batch_losses, outputs = self._engine.evaluate_batch(features, labels)
        for name, value in batch_losses.items():
          losses.setdefault(f'eval/{name}', []).append(value)
        # The last batch is filled up with images that were evaluated before.
        for i in range(min(self._batch_size, self._count - len(images))):
          images.append(self._match(str(len(images)), features, _ground_truth(features, labels, i), outputs, i))
    return self._score(results.merge(images)) | {name: float(np.mean(values)) for name, values in losses.items()}

  def _match(
    self, name: str, features: Mapping, ground_truth: GroundTruth, outputs: Mapping[str, np.ndarray], i: int
  ) -> results.Results:
    """Matches the detections in image `i` of a batch to its objects; keeps its pixels while there are too few."""
    detections = _detections(outputs, i)
    if len(self.pictures) < self._kept:
      height, width = features[_Input.true_image_shape][i].numpy()[:2]
      pixels = features[_Input.original_image][i].numpy()[:height, :width]
      self.pictures.append(Picture(pixels, ground_truth, detections))
    height, width = features[_Input.original_image_spatial_shape][i].numpy().tolist()
    return results.of_image(results.Image(name, width, height, ground_truth), detections)

  def _score(self, matched: results.Results) -> dict[str, float]:
    """Metrics by name; keeps the hits of each class."""
    portion = portions.of(matched, _IOU)
    scored = scores.measure(portion.ranked(), self._labels)
    self.hits = {row.name: _hits(matched, portion.assignment, row) for row in scored.classes}
    return scored.metrics | {self._watch: names.look_up(self._watch, scored.metrics, scored.per_class())}


def _ground_truth(features: Mapping, labels: Mapping, i: int) -> GroundTruth:
  """The labelled objects of image `i` of a batch; boxes as fractions of the image without its padding."""
  # The OD API's boxes are fractions of the padded image, those of detections are not.
  padded = np.array(features[_Input.image].shape[1:3], np.float32)
  size = features[_Input.true_image_shape][i].numpy()[:2].astype(np.float32)
  count = int(labels[_Input.num_groundtruth_boxes][i])

  def flags(key: str) -> np.ndarray:
    return labels[key][i][:count].numpy().astype(bool) if key in labels else np.zeros(count, bool)

  return GroundTruth(
    labels[_Input.groundtruth_boxes][i][:count].numpy() * np.tile(padded / size, 2),
    np.argmax(labels[_Input.groundtruth_classes][i][:count].numpy(), axis=-1) + 1,
    flags(_Input.groundtruth_difficult),
    flags(_Input.groundtruth_is_crowd),
  )


def _detections(outputs: Mapping[str, np.ndarray], i: int) -> Detections:
  """What the model found in image `i` of a batch; the model counts classes from 0, label maps from 1."""
  count = int(outputs[_Output.num_detections][i])
  return Detections(
    outputs[_Output.detection_boxes][i][:count],
    outputs[_Output.detection_classes][i][:count].astype(int) + 1,
    outputs[_Output.detection_scores][i][:count],
  )


def _hits(matched: results.Results, assignment: operating.Assignment, row: scores.ClassScore) -> Hits:
  counted = (matched.classes == row.id) & ~assignment.ignored
  return Hits(row.objects, matched.scores[counted], assignment.hit[counted])
