"""COCO metrics of a model during training, in process, by the OD API's own evaluators."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Callable, Mapping
from typing import Any

from components.odapi import compat  # noqa: F401  isort: skip
import numpy as np
from object_detection.core import standard_fields
from object_detection.metrics import coco_evaluation
from object_detection.utils import object_detection_evaluation

from components.odapi import inputs
from components.odapi.engine import Engine

_Input = standard_fields.InputDataFields
_Output = standard_fields.DetectionResultFields
_NAMES = {
  'AP': 'DetectionBoxes_Precision/mAP',
  'AP50': 'DetectionBoxes_Precision/mAP@.50IOU',
  'AP75': 'DetectionBoxes_Precision/mAP@.75IOU',
  'AR@100': 'DetectionBoxes_Recall/AR@100',
}


@dataclasses.dataclass(frozen=True)
class Objects:
  """Objects of one image: boxes float32 [N, 4], (ymin, xmin, ymax, xmax) in [0, 1]; classes int [N], label map ids."""

  boxes: np.ndarray
  classes: np.ndarray


@dataclasses.dataclass(frozen=True)
class Picture:
  """An eval image as the model sees it, uint8 [height, width, 3], RGB; detections with float32 scores [M]."""

  pixels: np.ndarray
  truth: Objects
  found: Objects
  scores: np.ndarray


@dataclasses.dataclass(frozen=True)
class Hits:
  """Detections of one class over the whole split.

  objects: number of labelled objects, difficult ones left out.
  scores: float32 [N].
  right: bool [N], whether a detection matches an object that no surer one matches, at an IoU of 0.5 (Pascal VOC).
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
    is_stopped: Callable[[], bool] = lambda: False,
  ) -> None:
    """See TrainingEvaluation.

    Args:
      engine: whose present weights are evaluated.
      labels: {class name: id}.
      limit: the first so many images only.
      pictures: how many to keep.
      is_stopped: asked before each batch; when it says yes, the evaluation ends without a result.
    """
    self._engine = engine
    self._is_stopped = is_stopped
    self._labels = labels
    # One at a time when images differ in size: they could not stand in one batch.
    self._batch_size = 8 if inputs.static_size(engine.config) else 1
    self._batches, self._count = inputs.eval_batches(engine.config, engine.model, self._batch_size, limit)
    self._kept = pictures
    self.pictures: list[Picture] = []
    self.hits: dict[str, Hits] = {}

  def __call__(self) -> dict[str, float] | None:
    """AP, AP50, AP75, AR@100 as COCO defines them (NaN when there is no ground truth), and the mean `eval/` losses.

    None when it was stopped before its end.
    """
    coco = coco_evaluation.CocoDetectionEvaluator([{'id': n, 'name': name} for name, n in self._labels.items()])
    pascal = object_detection_evaluation.ObjectDetectionEvaluation(
      inputs.num_classes(self._engine.config), matching_iou_threshold=0.5
    )
    losses: dict[str, list[float]] = {}
    self.pictures = []
    seen = 0
    with self._engine.evaluated_weights():
      for features, labels in self._batches:
        if self._is_stopped():
          return None
        batch_losses, detections = self._engine.evaluate_batch(features, labels)
        for name, value in batch_losses.items():
          losses.setdefault(f'eval/{name}', []).append(value)
        for i in range(min(self._batch_size, self._count - seen)):
          self._add(coco, pascal, str(seen), features, labels, detections, i)
          seen += 1
    self.hits = {name: _hits(pascal, number - 1) for name, number in self._labels.items()}
    # pycocotools prints its progress; the hooks report the result.
    with contextlib.redirect_stdout(io.StringIO()):
      found = coco.evaluate()
    metrics = {name: float(found[key]) for name, key in _NAMES.items()}
    # pycocotools says -1 where there is nothing to measure.
    metrics = {name: value if value >= 0 else float('nan') for name, value in metrics.items()}
    return metrics | {name: float(np.mean(values)) for name, values in losses.items()}

  def _add(
    self,
    coco: Any,
    pascal: Any,
    image_id: str,
    features: Mapping,
    labels: Mapping,
    detections: Mapping[str, np.ndarray],
    i: int,
  ) -> None:
    height, width = features[_Input.original_image_spatial_shape][i].numpy()
    to_pixels = np.array([height, width, height, width], np.float32)
    # Ground truth is relative to the padded image, detections to the true one inside it.
    padded = np.array(features[_Input.image].shape[1:3], np.float32)
    true = features[_Input.true_image_shape][i].numpy()[:2]
    count = int(labels[_Input.num_groundtruth_boxes][i])
    truth = Objects(
      labels[_Input.groundtruth_boxes][i][:count].numpy() * np.tile(padded / true.astype(np.float32), 2),
      np.argmax(labels[_Input.groundtruth_classes][i][:count].numpy(), axis=-1) + 1,
    )
    difficult = labels.get(_Input.groundtruth_difficult)
    ignored = np.zeros(count, int) if difficult is None else difficult[i][:count].numpy()
    number = int(detections[_Output.num_detections][i])
    found = Objects(
      detections[_Output.detection_boxes][i][:number],
      detections[_Output.detection_classes][i][:number].astype(int) + 1,
    )
    scores = detections[_Output.detection_scores][i][:number]
    coco.add_single_ground_truth_image_info(
      image_id,
      {
        _Input.groundtruth_boxes: truth.boxes * to_pixels,
        _Input.groundtruth_classes: truth.classes,
        # COCO's way to ignore an object without counting it as a miss.
        _Input.groundtruth_is_crowd: ignored,
      },
    )
    coco.add_single_detected_image_info(
      image_id,
      {
        _Output.detection_boxes: found.boxes * to_pixels,
        _Output.detection_scores: scores,
        _Output.detection_classes: found.classes,
      },
    )
    pascal.add_single_ground_truth_image_info(image_id, truth.boxes * to_pixels, truth.classes - 1, ignored)
    pascal.add_single_detected_image_info(image_id, found.boxes * to_pixels, scores, found.classes - 1)
    if len(self.pictures) < self._kept:
      pixels = features[_Input.original_image][i].numpy()[: true[0], : true[1]]
      self.pictures.append(Picture(pixels, truth, found, scores))


def _hits(pascal: Any, index: int) -> Hits:
  scores, right = pascal.scores_per_class[index], pascal.tp_fp_labels_per_class[index]
  return Hits(
    int(pascal.num_gt_instances_per_class[index]),
    np.concatenate([np.zeros(0, np.float32), *scores]),
    np.concatenate([np.zeros(0, bool), *right]).astype(bool),
  )
