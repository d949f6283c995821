"""Label Studio's ML backend interface: what a project asks a model, and what it takes for an answer.

Reference: https://labelstud.io/guide/ml_create, and the requests of Label Studio's own client (label_studio/ml). A
project asks GET /health, POST /setup and POST /predict; boxes are in percent of the image. A model here does not learn
from what is sent, so /webhook is answered and nothing is done.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from defusedxml import ElementTree

from detection.base.errors import DataError
from detection.inference import images
from detection.inference.detector import Detector
from detection.inference.predictions import Predicted, corners

# The bytes of the image that a task names, by a path or a URL. Raises DataError.
Fetch = Callable[[str], bytes]


@dataclasses.dataclass(frozen=True)
class Tags:
  """The tags of a labelling interface that boxes belong to.

  boxes: name of the RectangleLabels tag. image: name of its Image tag. key: of a task's data that holds the image.
  classes: the labels that the interface offers; none where it lists them elsewhere, and then all are taken.
  """

  boxes: str
  image: str
  key: str
  classes: frozenset[str]


def read_tags(label_config: str) -> Tags:
  """Finds the tags in a project's labelling interface, XML.

  Raises:
    DataError: if it is no XML, or has no RectangleLabels for an Image.
  """
  try:
    root = ElementTree.fromstring(label_config)
  except (ElementTree.ParseError, ValueError) as error:
    raise DataError(f'label_config: no XML that can be read: {error}.') from error
  shown = {tag.get('name'): tag.get('value', '') for tag in root.iter('Image')}
  for tag in root.iter('RectangleLabels'):
    name, image = tag.get('name', ''), tag.get('toName', '')
    if name and shown.get(image, '').startswith('$'):
      classes = frozenset(filter(None, (label.get('value') for label in tag.iter('Label'))))
      return Tags(name, image, shown[image][1:], classes)
  raise DataError('label_config: expected <RectangleLabels> for an <Image value="$...">, found none.')


class Backend:
  """Answers a project's requests with what a detector finds.

  Args:
    detector: its version is the name of its folder.
    fetch: gets images.
    min_score: boxes from this score up are proposed.
    note: is told of images that cannot be read.
  """

  def __init__(self, detector: Detector, fetch: Fetch, min_score: float, note: Callable[[str], None] = print) -> None:
    self._detector, self._fetch, self._min_score, self._note = detector, fetch, min_score, note
    self._version = detector.path.rstrip('/').rpartition('/')[2]

  def answer(self, method: str, path: str, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """(HTTP status, JSON) for a request; a request that makes no sense is answered 400 with the reason."""
    where = method, path.partition('?')[0].rstrip('/') or '/'
    try:
      if where in (('GET', '/'), ('GET', '/health')):
        return 200, {'status': 'UP', 'model_class': 'Detector'}
      if where == ('POST', '/setup'):
        read_tags(str(request.get('schema') or ''))
        return 200, {'model_version': self._version}
      if where == ('POST', '/predict'):
        return 200, {'results': self.predict(request), 'model_version': self._version}
    except DataError as error:
      return 400, {'error': str(error)}
    if where == ('POST', '/webhook'):
      return 201, {'result': None, 'status': 'ok'}
    return 404, {'error': f'{method} {path}: no such request. Expected health, setup, predict or webhook.'}

  def predict(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A prediction for each of the tasks of a request. Raises DataError if it has no label_config or no tasks."""
    tags = read_tags(str(request.get('label_config') or ''))
    tasks = request.get('tasks')
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
      raise DataError('tasks: expected a list of tasks.')
    return [self._of_task(task, tags) for task in tasks]

  def _of_task(self, task: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    try:
      data = task.get('data')
      name = data.get(tags.key) if isinstance(data, dict) else None
      if not isinstance(name, str):
        raise DataError(f'task {task.get("id")}: data.{tags.key}: expected the path or URL of an image.')
      encoded, image = images.load(self._fetch(name))
      (found,) = self._detector.detect_encoded([encoded])
    except DataError as error:
      # The other tasks of the request get their boxes.
      self._note(str(error))
      return {'result': [], 'score': 0.0, 'model_version': self._version}
    found = found.above(self._min_score).of(tags.classes)
    regions = _regions(Predicted(0, name, image.size, found), tags)
    score = float(found.scores.mean()) if len(found) else 0.0
    return {'result': regions, 'score': score, 'model_version': self._version}


def _regions(predicted: Predicted, tags: Tags) -> Sequence[dict[str, Any]]:
  width, height = predicted.size
  found = predicted.detections
  regions = []
  for box, name, score in zip(corners(predicted).tolist(), found.names, found.scores.tolist(), strict=True):
    xmin, ymin, xmax, ymax = box
    value = {
      'x': 100 * xmin / width,
      'y': 100 * ymin / height,
      'width': 100 * (xmax - xmin) / width,
      'height': 100 * (ymax - ymin) / height,
      'rotation': 0,
      'rectanglelabels': [name],
    }
    regions.append(
      {
        'id': uuid.uuid4().hex[:10],
        'from_name': tags.boxes,
        'to_name': tags.image,
        'type': 'rectanglelabels',
        'original_width': width,
        'original_height': height,
        'image_rotation': 0,
        'score': score,
        'value': value,
      }
    )
  return regions
