"""ONNX detectors: the SavedModel's `serving_default` for ONNX Runtime, class names in the file's metadata."""

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np

from detection.base.errors import DataError
from detection.inference.images import decode

# As converted; weights and activations in 8 bits.
Kind = Literal['float32', 'int8']
KINDS = get_args(Kind)
SUFFIX = '.onnx'
LABELS = 'labels'  # metadata property: JSON, {class name: id}, ids from 1


class OnnxModel:
  """An .onnx file on the CPU, a Model: see detection/inference/model.py.

  Attributes:
    labels: {class name: id}, ids from 1.
  """

  def __init__(self, file: bytes, where: str) -> None:
    """Loads the content of a file; `where` is its name, for messages.

    Raises:
      DataError: if it does not load or has no class names.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; there is nothing in a warning that a user could mend
    try:
      self._session = onnxruntime.InferenceSession(file, options, providers=['CPUExecutionProvider'])
    except (errors.Fail, errors.InvalidProtobuf, errors.InvalidGraph, errors.InvalidArgument) as error:
      raise DataError(f'{where}: not an ONNX model that loads: {str(error).splitlines()[0]}') from error
    properties = self._session.get_modelmeta().custom_metadata_map
    if LABELS not in properties:
      raise DataError(f'{where}: no class names in it. Expected a file that `run` exported.')
    self.labels: dict[str, int] = json.loads(properties[LABELS])
    taken = self._session.get_inputs()[0]
    self._input, self._takes_one = taken.name, taken.shape[0] == 1
    self._outputs = [output.name for output in self._session.get_outputs()]

  def detect_encoded(self, batch: Sequence[bytes]) -> dict[str, np.ndarray]:
    """The outputs for JPEG or PNG bytes; sizes may differ."""
    images = [decode(content) for content in batch]
    calls = [[image] for image in images] if self._takes_one else _of_one_size(images)
    found = [self.detect_pixels(np.stack(alike)) for alike in calls]
    return {name: np.concatenate([one[name] for one in found]) for name in self._outputs}

  def detect_pixels(self, batch: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs for images uint8 [N, H, W, 3] in RGB."""
    return dict(zip(self._outputs, self._session.run(self._outputs, {self._input: batch}), strict=True))


def _of_one_size(images: Iterable[np.ndarray]) -> list[list[np.ndarray]]:
  """The images in their order, in runs of one size, which fit into one call."""
  return [list(alike) for _, alike in itertools.groupby(images, key=lambda image: image.shape)]
