"""A SavedModel to ONNX by tf2onnx, used only if it then finds the same boxes."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence

import numpy as np

from detection.base.errors import DataError
from detection.detections import Detections
from detection.inference import model, onnx_model, parity, saved_model

_OPSET = '17'  # of ONNX 1.12, 2022: runtimes in use have it
_MIN_SCORE = 0.01


def convert(folder: str, labels: Mapping[str, int]) -> bytes:
  """The .onnx file of the signature `serving_default`.

  Args:
    folder: that of the SavedModel.
    labels: {class name: id}, put into the file's metadata.

  Raises:
    DataError: if tf2onnx cannot convert it.
  """
  import onnx

  with tempfile.TemporaryDirectory() as scratch:
    path = os.path.join(scratch, 'model.onnx')
    # In a process of its own, as its authors run it: it turns off TensorFlow's eager mode.
    command = [sys.executable, '-m', 'tf2onnx.convert', '--saved-model', folder, '--tag', 'serve']
    command += ['--signature_def', saved_model.SERVING_DEFAULT, '--opset', _OPSET, '--output', path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not os.path.exists(path):
      reason = (done.stderr.strip().splitlines() or ['no reason given'])[-1]
      raise DataError(f'export.onnx: tf2onnx cannot convert this model: {reason}. Set export.onnx to false.')
    exported = onnx.load(path)
  onnx.helper.set_model_props(exported, {onnx_model.LABELS: json.dumps(dict(labels))})
  return exported.SerializeToString()


def check(file: bytes, folder: str, images: Sequence[np.ndarray]) -> None:
  """Compares the exported file with its source.

  Args:
    file: content of the .onnx file.
    folder: that of the SavedModel it was made from.
    images: uint8 [H, W, 3] each.

  Raises:
    DataError: if the file finds other boxes in an image than the SavedModel does.
  """
  models: dict[str, model.Model] = {
    'SavedModel': saved_model.SavedModel(folder),
    'ONNX': onnx_model.OnnxModel(file, 'model.onnx'),
  }
  for number, image in enumerate(images):
    found = {name: _detect(each, image) for name, each in models.items()}
    parity.difference(f'export.onnx: eval image {number}', found, _MIN_SCORE, 'Set export.onnx to false.')


def _detect(detector: model.Model, image: np.ndarray) -> Detections:
  names = {number: name for name, number in detector.labels.items()}
  (found,) = model.split_batch(detector.detect_pixels(image[np.newaxis]), names)
  return found
