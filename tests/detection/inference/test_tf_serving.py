"""The client of TensorFlow Serving, against a stub of its REST interface."""

import base64

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.inference import tf_serving
from tests.support import serving_stub

LABELS = {'red': 1, 'blue': 2}
ROW = {
  'detection_boxes': [[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]],
  'detection_classes': [2.0, 1.0, 1.0],
  'detection_scores': [0.7, 0.9, 0.0],
  'num_detections': 2.0,
}


@pytest.fixture
def server():
  with serving_stub.running() as stub:
    yield stub


def test_images_are_sent_as_bytes_and_answers_come_back_as_detections(server):
  def answer(path, request):
    assert path == '/v1/models/detector:predict'
    assert request['signature_name'] == 'image_bytes'
    sent = [base64.b64decode(row['image_bytes']['b64']) for row in request['instances']]
    return 200, {'predictions': [ROW if image == b'first' else ROW | {'num_detections': 0.0} for image in sent]}

  server.answer = answer
  first, second = tf_serving.detect(server.url, [b'first', b'second'], LABELS)
  assert first.names == ('red', 'blue')
  np.testing.assert_allclose(first.scores, [0.9, 0.7])
  np.testing.assert_allclose(first.boxes, [[0.5, 0.5, 1, 1], [0, 0, 0.5, 0.5]])
  assert len(second) == 0


MALFORMED = {
  'an output missing': (lambda row: {'scores': [1]}, 'the answer has no detection_boxes. Received scores'),
  'an output of another shape': (
    lambda row: row | {'detection_boxes': [0.5, 0.5]},
    'expected numbers of shape (-1, 4)',
  ),
  'words for numbers': (lambda row: row | {'detection_scores': ['a', 'b']}, 'detection_scores: expected numbers'),
  'outputs of unlike length': (lambda row: row | {'detection_scores': [0.9]}, 'different numbers of boxes'),
  'another model': (lambda row: [0.5], 'no detection_boxes. Received list'),
}


@pytest.mark.parametrize(('change', 'message'), MALFORMED.values(), ids=MALFORMED)
def test_an_answer_of_another_form_is_refused_naming_what_is_wrong(server, change, message):
  server.answer = lambda path, request: (200, {'predictions': [change(ROW)]})
  with pytest.raises(DataError) as refused:
    tf_serving.detect(server.url, [b''], LABELS)
  assert message in str(refused.value)


REFUSALS = {
  'no such model': ((404, {'error': 'Servable not found'}), 'no such model or version: Servable not found'),
  'no such signature': ((400, {'error': 'Serving signature\n not found'}), 'status 400: Serving signature not found'),
  'no JSON': ((200, b'<html>'), 'no JSON'),
  'too few rows': ((200, {'predictions': [{}]}), 'expected 2 predictions'),
  'no predictions': ((200, ['hello']), 'expected 2 predictions'),
}


@pytest.mark.parametrize(('answer', 'message'), REFUSALS.values(), ids=REFUSALS)
def test_a_server_that_refuses_is_one_line(server, answer, message):
  server.answer = lambda path, request: answer
  with pytest.raises(DataError) as refused:
    tf_serving.detect(server.url, [b'', b''], LABELS)
  assert message in str(refused.value)
  assert '\n' not in str(refused.value)


def test_a_server_that_is_not_there_is_named(server):
  server.shutdown()
  server.server_close()
  with pytest.raises(DataError, match=r'cannot be reached: \w+\. Is the server running there\?$'):
    tf_serving.detect(server.url, [b''], LABELS)
