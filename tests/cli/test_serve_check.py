"""`detection-pipeline serve-check` against a stub that answers as TensorFlow Serving's REST interface does."""

import base64
import http.server
import json
import re
import threading

import PIL.Image
import pytest

from cli import main


class Stub(http.server.BaseHTTPRequestHandler):
  """`predict` in row format, for one model. server.answer: {path, request} to (status, content)."""

  def do_POST(self):  # noqa: N802
    body = self.rfile.read(int(self.headers['Content-Length']))
    status, content = self.server.answer(self.path, json.loads(body))
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    self.send_response(status)
    self.send_header('Content-Length', str(len(content)))
    self.end_headers()
    self.wfile.write(content)

  def log_message(self, *words):
    pass


@pytest.fixture
def server():
  stub = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Stub)
  thread = threading.Thread(target=stub.serve_forever, args=(0.01,))
  thread.start()
  stub.url = f'http://127.0.0.1:{stub.server_address[1]}/v1/models/detector'
  yield stub
  stub.shutdown()
  thread.join()
  stub.server_close()


@pytest.fixture(scope='session')
def served(colour_model):
  """Answers of the model itself, as rows of `predictions`."""
  import tensorflow as tf

  model = tf.saved_model.load(str(colour_model / 'Format-Serving'))

  def answer(path, request):
    if path != '/v1/models/detector:predict':
      return 404, {'error': 'Servable not found for request: Latest(other)'}
    assert request['signature_name'] == 'image_bytes'
    images = [base64.b64decode(row['image_bytes']['b64']) for row in request['instances']]
    outputs = {name: value.numpy() for name, value in model.signatures['image_bytes'](tf.constant(images)).items()}
    rows = [{name: value[index].tolist() for name, value in outputs.items()} for index in range(len(images))]
    return 200, {'predictions': rows}

  return answer


@pytest.fixture
def photos(tmp_path, draw):
  folder = tmp_path / 'photos'
  folder.mkdir()
  for number in range(3):
    objects = [('red', (10, 20, 34, 52)), ('blue', (40, 60, 60, 90))][:number]
    PIL.Image.fromarray(draw(objects)).save(folder / f'{number}.png')
  return folder


def check(url, model, *words):
  return main.main(['serve-check', url, str(model), *map(str, words)])


def test_a_server_that_answers_as_the_model_does_passes(server, served, colour_model, photos, capsys):
  server.answer = served
  assert check(server.url, colour_model, photos, '--batch-size', 2) == 0
  assert '3 images, 3 boxes as here' in capsys.readouterr().out


def changed(served, change):
  """`served`, each of its rows changed."""

  def answer(path, request):
    status, content = served(path, request)
    return status, {'predictions': [change(row) for row in content['predictions']]}

  return answer


MOVED = {'detection_boxes': [[0.5, 0.5, 1, 1]] * 2}
OTHERS = {
  'boxes that lie elsewhere': (lambda row: row | MOVED, 'the model here finds red 0.900'),
  'another class': (lambda row: row | {'detection_classes': [2.0, 1.0]}, 'the model here finds red 0.900'),
  'lower scores': (
    lambda row: row | {'detection_scores': [0.8 * s for s in row['detection_scores']]},
    'the model here finds red',
  ),
  'boxes that are not here': (lambda row: row | {'detection_scores': [0.9, 0.9]}, 'the server finds'),
  'an output missing': (lambda row: {'scores': [1]}, 'the answer has no detection_boxes. Received scores'),
  'an output of another shape': (
    lambda row: row | {'detection_boxes': [0.5, 0.5]},
    'expected numbers of shape (-1, 4)',
  ),
  'words for numbers': (lambda row: row | {'detection_scores': ['a', 'b']}, 'detection_scores: expected numbers'),
  'outputs of unlike length': (lambda row: row | {'detection_scores': [0.9]}, 'different numbers of boxes'),
  'another model': (lambda row: [0.5], 'no detection_boxes. Received list'),
}


@pytest.mark.parametrize(('change', 'message'), OTHERS.values(), ids=OTHERS)
def test_what_the_server_finds_otherwise_is_named(server, served, colour_model, photos, capsys, change, message):
  server.answer = changed(served, change)
  assert check(server.url, colour_model, photos) == 1
  err = capsys.readouterr().err.strip()
  assert message in err
  assert '\n' not in err


REFUSALS = {
  'no such model': ((404, {'error': 'Servable not found'}), 'no such model or version: Servable not found'),
  'no such signature': ((400, {'error': 'Serving signature\n not found'}), 'status 400: Serving signature not found'),
  'no JSON': ((200, b'<html>'), 'no JSON'),
  'too few rows': ((200, {'predictions': [{}]}), 'expected 3 predictions'),
  'no predictions': ((200, ['hello']), 'expected 3 predictions'),
}


@pytest.mark.parametrize(('answer', 'message'), REFUSALS.values(), ids=REFUSALS)
def test_a_server_that_refuses_is_one_line(server, colour_model, photos, capsys, answer, message):
  server.answer = lambda path, request: answer
  assert check(server.url, colour_model, photos) == 1
  err = capsys.readouterr().err.strip()
  assert message in err
  assert '\n' not in err


def test_a_server_that_is_not_there_is_one_line(server, colour_model, photos, capsys):
  server.shutdown()
  server.server_close()
  assert check(server.url, colour_model, photos) == 1
  assert re.search(r'cannot be reached: \w+. Is the server running there\?$', capsys.readouterr().err.strip())


@pytest.mark.parametrize(
  'url', ['localhost:8501', 'http://localhost:8501', 'http://localhost:8501/v1/models/a:predict']
)
def test_a_url_that_is_not_of_a_model_is_bad_usage(url, colour_model, photos, capsys):
  assert check(url, colour_model, photos) == 2
  assert 'expected the URL of a model' in capsys.readouterr().err


def test_images_and_scores_that_make_no_sense_are_bad_usage(colour_model, photos, capsys):
  assert check('http://localhost/v1/models/a', colour_model, 'nowhere') == 2
  assert check('http://localhost/v1/models/a', colour_model, photos, '--min-score', 50) == 2
  assert check('http://localhost/v1/models/a', colour_model, photos, '--batch-size', 0) == 2
  assert 'nowhere: no such file' in capsys.readouterr().err
