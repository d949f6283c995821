"""Asks a TensorFlow Serving endpoint for detections, by its REST interface.

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import requests

from detection.base.errors import DataError
from detection.detections import Detections
from detection.inference.model import to_detections

# Shapes of one image's answer.
_OUTPUTS = {'detection_boxes': (-1, 4), 'detection_classes': (-1,), 'detection_scores': (-1,), 'num_detections': ()}
_TIMEOUT = 120.0  # seconds; a server may load the model on the first request


def detect(url: str, images: Sequence[bytes], labels: dict[str, int]) -> list[Detections]:
  """What the served model finds in images.

  Args:
    url: of the model, http://HOST:8501/v1/models/NAME, with /versions/N or /labels/LABEL to ask for one version.
    images: JPEG or PNG bytes.
    labels: {class name: id}.

  Raises:
    DataError: if the server cannot be reached, refuses, or answers in another form.
  """
  rows = [{'image_bytes': {'b64': base64.b64encode(image).decode('ascii')}} for image in images]
  try:
    answer = requests.post(
      f'{url}:predict', json={'signature_name': 'image_bytes', 'instances': rows}, timeout=_TIMEOUT
    )
  except requests.RequestException as error:
    raise DataError(f'{url}: cannot be reached: {type(error).__name__}. Is the server running there?') from error
  try:
    content = answer.json()
  except requests.JSONDecodeError as error:
    raise DataError(f'{url}: status {answer.status_code}, no JSON. Is this TensorFlow Serving?') from error
  if answer.status_code == 404:
    raise DataError(f'{url}: the server has no such model or version: {_reason(content)}')
  if answer.status_code != 200:
    raise DataError(f'{url}: the server refused, status {answer.status_code}: {_reason(content)}')
  predictions = content.get('predictions') if isinstance(content, dict) else None
  if not isinstance(predictions, list) or len(predictions) != len(images):
    raise DataError(f'{url}: expected {len(images)} predictions, one an image. Is another model served there?')
  names = {number: name for name, number in labels.items()}
  return [_detections(url, row, names) for row in predictions]


def _detections(url: str, row: Any, names: dict[int, str]) -> Detections:
  """One row of `predictions`, checked."""
  values = {}
  for output, shape in _OUTPUTS.items():
    if not isinstance(row, dict) or output not in row:
      received = ', '.join(sorted(row)) if isinstance(row, dict) else type(row).__name__
      raise DataError(f'{url}: the answer has no {output}. Received {received}. Is another model served there?')
    try:
      values[output] = np.array(row[output], np.float32).reshape(shape)
    except (TypeError, ValueError) as error:
      raise DataError(f'{url}: {output}: expected numbers of shape {shape}. Is another model served there?') from error
  if len({len(values[output]) for output, shape in _OUTPUTS.items() if shape}) != 1:
    raise DataError(f'{url}: the outputs tell of different numbers of boxes. Is another model served there?')
  return to_detections(values, names)


def _reason(content: Any) -> str:
  text = content.get('error', content) if isinstance(content, dict) else content
  return ' '.join(str(text).split())[:300]
