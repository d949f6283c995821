"""A detector as a serverless function of CVAT: what Nuclio calls, and the function.yaml that describes it.

Reference: https://docs.cvat.ai/docs/manual/advanced/serverless-tutorial. CVAT posts {"image": base64, "threshold":
number} and takes a list of {"confidence", "label", "points": [xmin, ymin, xmax, ymax] in pixels, "type": "rectangle"}.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from detection.base.errors import DataError
from detection.inference import images
from detection.inference.detector import Detector
from detection.inference.predictions import Predicted, corners

DEFAULT_THRESHOLD = 0.5
MAIN = '''"""The entry point that Nuclio calls: a detector that labels images in CVAT."""

from detection.inference.detector import Detector
from detection.labelling_tools import cvat


def init_context(context):
  context.user_data.detector = Detector('/opt/nuclio/model')


def handler(context, event):
  status, body = cvat.answer(context.user_data.detector, event.body)
  return context.Response(body=body, headers={}, content_type='application/json', status_code=status)
'''


def answer(detector: Detector, request: Any) -> tuple[int, str]:
  """(HTTP status, JSON) for a request; one that makes no sense is answered 400 with the reason."""
  try:
    return 200, json.dumps(shapes(detector, request))
  except DataError as error:
    return 400, json.dumps({'error': str(error)})


def shapes(detector: Detector, request: Any) -> list[dict[str, Any]]:
  """What is found in the image of a request, in CVAT's form.

  Args:
    detector: finds.
    request: the decoded JSON; bytes or text of it will do.

  Raises:
    DataError: if it has no image that can be read, or its threshold is no number from 0 to 1.
  """
  request = _decoded(request)
  try:
    content = base64.b64decode(request['image'], validate=True)
    threshold = request.get('threshold')
    threshold = DEFAULT_THRESHOLD if threshold is None else float(threshold)
  except (KeyError, TypeError, ValueError, binascii.Error) as error:
    raise DataError(f'request: {error}. Expected image, in base64, and maybe threshold, a number.') from error
  if not 0 <= threshold <= 1:
    raise DataError(f'threshold: expected a number from 0 to 1, received {threshold}.')
  encoded, image = images.load(content)
  found = detector.detect_encoded([encoded])[0].above(threshold)
  points = corners(Predicted(0, '', image.size, found)).tolist()
  return [
    {'confidence': str(round(score, 4)), 'label': name, 'points': box, 'type': 'rectangle'}
    for score, name, box in zip(found.scores.tolist(), found.names, points, strict=True)
  ]


def function(name: str, labels: Mapping[str, int], image: str) -> dict[str, Any]:
  """The content of function.yaml.

  Args:
    name: of the function.
    labels: {class name: id}.
    image: the container image that holds this project.
  """
  spec = [{'id': number, 'name': label, 'type': 'rectangle'} for label, number in labels.items()]
  return {
    'metadata': {
      'name': name,
      'namespace': 'cvat',
      'annotations': {'name': name, 'type': 'detector', 'spec': json.dumps(spec, indent=2)},
    },
    'spec': {
      'description': f'{name}: {", ".join(labels)}',
      'runtime': 'python:3.12',
      'handler': 'main:handler',
      'eventTimeout': '60s',
      'build': {'image': f'cvat.{name}', 'baseImage': image},
      'triggers': {
        'myHttpTrigger': {
          'kind': 'http',
          'numWorkers': 1,
          'workerAvailabilityTimeoutMilliseconds': 10000,
          'attributes': {'maxRequestBodySize': 32 * 2**20},
        }
      },
      'platform': {'attributes': {'restartPolicy': {'name': 'always', 'maximumRetryCount': 3}, 'mountMode': 'volume'}},
    },
  }


def _decoded(request: Any) -> Mapping[str, Any]:
  if isinstance(request, bytes | str):
    try:
      request = json.loads(request)
    except (ValueError, RecursionError) as error:
      raise DataError(f'request: no JSON: {error}.') from error
  if not isinstance(request, dict):
    raise DataError('request: expected a JSON object with an image in base64.')
  return request
