"""Metrics of a model during training, in process: the evaluator's own, on the OD API's eval input."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from detection.detections import Detections
from detection.metrics import names, operating, results, scores
from detection.metrics.matching import GroundTruth
from detection.odapi.model import inputs
from detection.odapi.model.engine import Engine
from detection.odapi.model.fields import DetectionResultFields as _Output
from detection.odapi.model.fields import InputDataFields as _Input

_IOU = 0.5  # of precision, recall, F1 and `hits`, as Pascal VOC's


@dataclasses.dataclass(frozen=True)
class Picture:
  """An eval image as the model sees it, uint8 [height, width, 3], RGB."""

  pixels: np.ndarray
  ground_truth: GroundTruth
  detections: Detections


@dataclasses.dataclass(frozen=True)
class Hits:
  """Detections of one class over the whole split.

  objects: number of labelled objects, difficult ones left out.
  scores: float64 [N], of detections that count.
  right: bool [N], whether a detection matches an object that no surer one matches, at an IoU of 0.5.
  """

  objects: int
  scores: np.ndarray
  right: np.ndarray


class TrainingEvaluation:
  """Evaluates an engine's present weights on the eval split, again and again.

  Attributes:
    pictures: the first images of the split with what the last evaluation found in them.
    hits: {class name: Hits} of the last evaluation.
  """

  def __init__(
    self,
    engine: Engine,
    labels: Mapping[str, int],
    limit: int | None = None,
    pictures: int = 0,
    watch: str = 'AP',
    is_stopped: Callable[[], bool] = lambda: False,
  ) -> None:
    """See TrainingEvaluation.

    Args:
      engine: whose present weights are evaluated.
      labels: {class name: id}.
      limit: the first so many images only.
      pictures: how many to keep.
      watch: a metric that is wanted by all means, be it of one class, such as AP50/cat.
      is_stopped: asked before each batch; when it says yes, the evaluation ends without a result.
    """
    self._engine = engine
    self._is_stopped = is_stopped
    self._labels = labels
    self._watch = watch
    # One at a time when images differ in size: they could not stand in one batch.
    self._batch_size = 8 if inputs.static_size(engine.config) else 1
    self._batches, self._count = inputs.eval_batches(engine.config, engine.model, self._batch_size, limit)
    self._kept = pictures
    self.pictures: list[Picture] = []
    self.hits: dict[str, Hits] = {}

  def __call__(self) -> dict[str, float] | None:
    """Every metric of names.ALL (NaN where there is nothing to measure), the watched one, and the mean `eval/` losses.

    None when it was stopped before its end.
    """
    images: list[results.Results] = []
    losses: dict[str, list[float]] = {}
    self.pictures = []
    with self._engine.evaluated_weights():
      for features, labels in self._batches:
        if self._is_stopped():
          return None
        batch_losses, detections = self._engine.evaluate_batch(features, labels)
        for name, value in batch_losses.items():
          losses.setdefault(f'eval/{name}', []).append(value)
        for i in range(min(self._batch_size, self._count - len(images))):
          images.append(self._matched(str(len(images)), features, labels, detections, i))
    matched = results.merge(images)
    scored = scores.score(matched, self._labels, _IOU)
    self.hits = {row.name: _hits(matched, scored.assignment, row) for row in scored.classes}
    watched = names.look_up(self._watch, scored.metrics, scored.per_class())
    return scored.metrics | {self._watch: watched} | {name: float(np.mean(values)) for name, values in losses.items()}

  def _matched(
    self, name: str, features: Mapping, labels: Mapping, detections: Mapping[str, np.ndarray], i: int
  ) -> results.Results:
    """Image `i` of a batch; its pixels are kept while there are too few of them."""
    height, width = features[_Input.original_image_spatial_shape][i].numpy().tolist()
    # Ground truth is relative to the padded image, detections to the true one inside it.
    padded = np.array(features[_Input.image].shape[1:3], np.float32)
    true = features[_Input.true_image_shape][i].numpy()[:2]
    count = int(labels[_Input.num_groundtruth_boxes][i])

    def flags(key: str) -> np.ndarray:
      return labels[key][i][:count].numpy().astype(bool) if key in labels else np.zeros(count, bool)

    ground_truth = GroundTruth(
      labels[_Input.groundtruth_boxes][i][:count].numpy() * np.tile(padded / true.astype(np.float32), 2),
      np.argmax(labels[_Input.groundtruth_classes][i][:count].numpy(), axis=-1) + 1,
      flags(_Input.groundtruth_difficult),
      flags(_Input.groundtruth_is_crowd),
    )
    number = int(detections[_Output.num_detections][i])
    found = Detections(
      detections[_Output.detection_boxes][i][:number],
      detections[_Output.detection_classes][i][:number].astype(int) + 1,
      detections[_Output.detection_scores][i][:number],
    )
    if len(self.pictures) < self._kept:
      pixels = features[_Input.original_image][i].numpy()[: true[0], : true[1]]
      self.pictures.append(Picture(pixels, ground_truth, found))
    return results.of_image(results.Image(name, width, height, ground_truth), found)


def _hits(matched: results.Results, assignment: operating.Assignment, row: scores.ClassScore) -> Hits:
  mine = (matched.classes == row.id) & ~assignment.ignored
  return Hits(row.objects, matched.scores[mine], assignment.hit[mine])
