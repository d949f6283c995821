"""A function of CVAT: Nuclio's calls, and its description."""

import base64
import json
import types

import pytest

from detection.base.errors import DataError
from detection.inference import detector as detector_module
from detection.labelling_tools import cvat
from tests.support.colour_detector import picture, png
from tests.support.fake_detector import FakeDetector


def request(**values):
  return {'image': base64.b64encode(png(picture([], size=(200, 100)))).decode(), **values}


@pytest.mark.parametrize(
  ('asked', 'expected'),
  [
    (request(), ['cat']),
    (request(threshold=0.2), ['cat', 'dog']),
    (request(threshold=0), ['cat', 'dog']),
    (json.dumps(request(threshold=0.95)).encode(), []),
  ],
)
def test_shapes_are_rectangles_in_pixels_from_the_threshold_up(asked, expected):
  found = cvat.shapes(FakeDetector(), asked)
  assert [shape['label'] for shape in found] == expected
  if found:
    assert found[0]['type'] == 'rectangle'
    assert found[0]['points'] == pytest.approx([20, 25, 100, 75])
    assert found[0]['confidence'] == '0.9'


@pytest.mark.parametrize(
  ('asked', 'message'),
  [
    ({}, "'image'"),
    ({'image': 'no base64'}, 'Expected image, in base64'),
    (request(threshold=7), 'threshold: expected a number from 0 to 1'),
    (request(image=base64.b64encode(b'text').decode()), 'not an image'),
    (b'[]', 'expected a JSON object'),
    (b'text', 'no JSON'),
    (b'[' * 100_000, 'no JSON'),
  ],
)
def test_a_request_that_makes_no_sense_is_answered_with_the_reason(asked, message):
  with pytest.raises(DataError, match=message):
    cvat.shapes(FakeDetector(), asked)
  status, body = cvat.answer(FakeDetector(), asked)
  assert status == 400
  assert message in json.loads(body)['error']


def test_the_entry_point_answers_as_nuclio_asks(monkeypatch):
  monkeypatch.setattr(detector_module, 'Detector', lambda path: FakeDetector())
  entry = {}
  exec(cvat.MAIN, entry)
  context = types.SimpleNamespace(user_data=types.SimpleNamespace(), Response=lambda **given: given)
  entry['init_context'](context)
  response = entry['handler'](context, types.SimpleNamespace(body=request()))
  assert (response['status_code'], response['content_type']) == (200, 'application/json')
  assert [shape['label'] for shape in json.loads(response['body'])] == ['cat']


def test_the_description_lists_the_classes_as_rectangles():
  function = cvat.function('mine', {'cat': 1, 'dog': 2}, 'registry/image:1')
  assert json.loads(function['metadata']['annotations']['spec']) == [
    {'id': 1, 'name': 'cat', 'type': 'rectangle'},
    {'id': 2, 'name': 'dog', 'type': 'rectangle'},
  ]
  assert function['metadata']['annotations']['type'] == 'detector'
  assert function['spec']['build']['baseImage'] == 'registry/image:1'
  assert function['spec']['handler'] == 'main:handler'
