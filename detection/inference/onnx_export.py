"""A SavedModel to ONNX by tf2onnx, used only if it then finds the same boxes."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence

import numpy as np

from detection.base.errors import DataError
from detection.inference import detector, onnx_model, parity

_OPSET = '17'  # of ONNX 1.12, 2022: runtimes in use have it
_MIN_SCORE = 0.01


def convert(saved_model: str, labels: Mapping[str, int]) -> bytes:
  """The .onnx file of the signature `serving_default`.

  Args:
    saved_model: its folder.
    labels: {class name: id}, put into the file's metadata.

  Raises:
    DataError: if tf2onnx cannot convert it.
  """
  import onnx

  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'model.onnx')
    # In a process of its own, as its authors run it: it turns off TensorFlow's eager mode.
    command = [sys.executable, '-m', 'tf2onnx.convert', '--saved-model', saved_model, '--tag', 'serve']
    command += ['--signature_def', 'serving_default', '--opset', _OPSET, '--output', path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not os.path.exists(path):
      reason = (done.stderr.strip().splitlines() or ['no reason given'])[-1]
      raise DataError(f'export.onnx: tf2onnx cannot convert this model: {reason}. Set export.onnx to false.')
    model = onnx.load(path)
  onnx.helper.set_model_props(model, {onnx_model.LABELS: json.dumps(dict(labels))})
  return model.SerializeToString()


def check(file: bytes, saved_model: str, images: Sequence[np.ndarray]) -> None:
  """Raises DataError if the .onnx file finds other boxes in the images, uint8 [H, W, 3], than its SavedModel does."""
  there, here = onnx_model.Model(file, 'model.onnx'), detector.Detector(saved_model)
  names = {number: name for name, number in there.labels.items()}
  for number, image in enumerate(images):
    outputs = {name: value[0] for name, value in there.detect_pixels(image[np.newaxis]).items()}
    found = {'SavedModel': here.detect([image])[0], 'ONNX': detector.of_outputs(outputs, names)}
    parity.difference(f'export.onnx: eval image {number}', found, _MIN_SCORE, 'Set export.onnx to false.')
