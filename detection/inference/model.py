"""What every loaded model has in common, whatever its file: its interface, and its outputs as Detections.

The outputs are the OD API's, for N images and M detections of each:

    detection_boxes    [N, M, 4]  (ymin, xmin, ymax, xmax) in [0, 1] of the image
    detection_classes  [N, M]     ids of the label map, from 1
    detection_scores   [N, M]     in [0, 1]
    num_detections     [N]        what comes after so many is padding
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from detection.detections import Detections

OUTPUTS = ('detection_boxes', 'detection_classes', 'detection_scores', 'num_detections')


class Model(Protocol):
  """A loaded model.

  Attributes:
    labels: {class name: id}, ids from 1.
  """

  labels: dict[str, int]

  def detect_encoded(self, batch: Sequence[bytes]) -> dict[str, np.ndarray]:
    """The outputs for JPEG or PNG bytes; sizes may differ."""
    ...

  def detect_pixels(self, batch: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs for images uint8 [N, H, W, 3] in RGB."""
    ...


def split_batch(outputs: Mapping[str, np.ndarray], names: Mapping[int, str]) -> list[Detections]:
  """The Detections of each image of a batch. names: {id: class name}."""
  count = len(outputs[OUTPUTS[-1]])
  return [to_detections({name: value[index] for name, value in outputs.items()}, names) for index in range(count)]


def to_detections(outputs: Mapping[str, np.ndarray], names: Mapping[int, str]) -> Detections:
  """The outputs for one image, without the axis N, as Detections, highest score first. names: {id: class name}."""
  count = int(outputs['num_detections'])
  scores = outputs['detection_scores'][:count].astype(np.float32)
  order = np.argsort(-scores, kind='stable')
  classes = outputs['detection_classes'][:count].astype(np.int64)[order]
  boxes = outputs['detection_boxes'][:count].astype(np.float32)[order]
  return Detections(boxes, classes, scores[order], tuple(names.get(c, str(c)) for c in classes.tolist()))
