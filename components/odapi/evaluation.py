"""COCO metrics of a model during training, in process, by the OD API's own COCO evaluator."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any

from components.odapi import compat  # noqa: F401  isort: skip
import numpy as np
from object_detection.core import standard_fields
from object_detection.metrics import coco_evaluation

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


class TrainingEvaluation:
  """Evaluates an engine's present weights on the eval split, again and again."""

  def __init__(self, engine: Engine, labels: Mapping[str, int], limit: int | None = None) -> None:
    """Args: engine; labels: {class name: id}; limit: the first so many images only."""
    self._engine = engine
    self._categories = [{'id': number, 'name': name} for name, number in labels.items()]
    # One at a time when images differ in size: they could not stand in one batch.
    self._batch_size = 8 if inputs.static_size(engine.config) else 1
    self._batches, self._count = inputs.eval_batches(engine.config, engine.model, self._batch_size, limit)

  def __call__(self) -> dict[str, float]:
    """AP, AP50, AP75, AR@100 as COCO defines them (NaN when there is no ground truth), and the mean `eval/` losses."""
    evaluator = coco_evaluation.CocoDetectionEvaluator(self._categories)
    losses: dict[str, list[float]] = {}
    seen = 0
    for features, labels in self._batches:
      batch_losses, detections = self._engine.evaluate_batch(features, labels)
      for name, value in batch_losses.items():
        losses.setdefault(f'eval/{name}', []).append(value)
      for i in range(min(self._batch_size, self._count - seen)):
        self._add(evaluator, str(seen), features, labels, detections, i)
        seen += 1
    # pycocotools prints its progress; the hooks report the result.
    with contextlib.redirect_stdout(io.StringIO()):
      found = evaluator.evaluate()
    metrics = {name: float(found[key]) for name, key in _NAMES.items()}
    # pycocotools says -1 where there is nothing to measure.
    metrics = {name: value if value >= 0 else float('nan') for name, value in metrics.items()}
    return metrics | {name: float(np.mean(values)) for name, values in losses.items()}

  def _add(
    self,
    evaluator: Any,
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
    true = features[_Input.true_image_shape][i].numpy()[:2].astype(np.float32)
    count = int(labels[_Input.num_groundtruth_boxes][i])
    truth = labels[_Input.groundtruth_boxes][i][:count].numpy() * np.tile(padded / true, 2) * to_pixels
    difficult = labels.get(_Input.groundtruth_difficult)
    evaluator.add_single_ground_truth_image_info(
      image_id,
      {
        _Input.groundtruth_boxes: truth,
        _Input.groundtruth_classes: np.argmax(labels[_Input.groundtruth_classes][i][:count].numpy(), axis=-1) + 1,
        # COCO's way to ignore an object without counting it as a miss.
        _Input.groundtruth_is_crowd: np.zeros(count, int) if difficult is None else difficult[i][:count].numpy(),
      },
    )
    number = int(detections[_Output.num_detections][i])
    evaluator.add_single_detected_image_info(
      image_id,
      {
        _Output.detection_boxes: detections[_Output.detection_boxes][i][:number] * to_pixels,
        _Output.detection_scores: detections[_Output.detection_scores][i][:number],
        _Output.detection_classes: detections[_Output.detection_classes][i][:number].astype(int) + 1,
      },
    )
