"""`detection-pipeline serve-check`: does a TensorFlow Serving endpoint answer as the model does here?

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import requests

from cli import predict
from detection.base.errors import ConfigError, DataError
from detection.detections import Detections
from detection.inference import parity
from detection.inference.detector import Detector
from detection.inference.images import encoded
from detection.inference.model import to_detections

_URL = re.compile(r'https?://[^/]+(/.*)?/v1/models/[^/:]+(/(versions/\d+|labels/[^/:]+))?')
# Shapes of one image's answer.
_OUTPUTS = {'detection_boxes': (-1, 4), 'detection_classes': (-1,), 'detection_scores': (-1,), 'num_detections': ()}
_TIMEOUT = 120.0  # seconds; a server may load the model on the first request


@dataclasses.dataclass(frozen=True)
class Options:
  """min_score: detections below it are not compared. batch_size: images a request."""

  min_score: float = 0.1
  batch_size: int = 8

  def check(self) -> None:
    """Raises ConfigError for an option that makes no sense."""
    if not 0 <= self.min_score <= 1:
      raise ConfigError(f'--min-score: expected a number from 0 to 1, received {self.min_score}.')
    if self.batch_size < 1:
      raise ConfigError(f'--batch-size: expected 1 or more, received {self.batch_size}.')


def run(url: str, model: str, sources: Sequence[str], options: Options) -> None:
  """Sends images to the endpoint and compares its answers with the model's here.

  Args:
    url: http://HOST:8501/v1/models/NAME, with /versions/N or /labels/LABEL where wanted.
    model: as Detector takes it.
    sources: images, folders that are searched for images, and globs.
    options: how.

  Raises:
    ConfigError: if the URL is none of a model, or there are no images.
    DataError: if the server cannot be reached, refuses, answers in another form, or finds other boxes.
  """
  options.check()
  if not _URL.fullmatch(url):
    raise ConfigError(f'{url}: expected the URL of a model, such as http://localhost:8501/v1/models/detector.')
  paths = predict.find(sources)
  local = Detector(model, options.batch_size)
  differs, compared = 0.0, 0
  for start in range(0, len(paths), options.batch_size):
    batch = paths[start : start + options.batch_size]
    images = [encoded(path) for path in batch]
    answers = ask(url, images, local.labels)
    for path, there, here in zip(batch, answers, local.detect_encoded(images), strict=True):
      found = {'the model here': here, 'the server': there}
      differs = max(differs, parity.difference(path, found, options.min_score, 'Is another version served?'))
      compared += len(here.above(options.min_score))
  print(f'{url}: {len(paths)} images, {compared} boxes as here; the largest difference is {differs:.1g}')


def ask(url: str, images: Sequence[bytes], labels: dict[str, int]) -> list[Detections]:
  """What the server finds in JPEG or PNG bytes.

  Raises:
    DataError: as `run`.
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
