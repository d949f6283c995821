"""`detection-pipeline serve-check` against a stub that answers as TensorFlow Serving's REST interface does."""

import base64

import PIL.Image
import pytest

from cli import main
from tests.support import serving_stub


@pytest.fixture
def server():
  with serving_stub.running() as stub:
    yield stub


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


def test_an_image_that_cannot_be_read_is_named_and_left_out_and_the_others_compared(
  server, served, colour_model, photos, capsys
):
  server.answer = served
  (photos / '0.png').write_bytes(b'not an image')
  (photos / '1a.png').write_bytes(b'')
  assert check(server.url, colour_model, photos, '--batch-size', 2) == 1
  said = capsys.readouterr()
  assert '2 images, 3 boxes as here' in said.out
  lines = said.err.splitlines()
  assert [line.split(': ')[:2] for line in lines[:2]] == [['left out', str(photos / n)] for n in ('0.png', '1a.png')]
  assert lines[2:] == ['detection-pipeline serve-check: left out: 2; each is named above.']


def test_images_of_which_none_can_be_read_are_refused(server, served, colour_model, tmp_path, capsys):
  (tmp_path / 'a.png').write_bytes(b'not an image')
  assert check(server.url, colour_model, tmp_path / 'a.png') == 1
  assert 'serve-check: none of the images can be read' in capsys.readouterr().err


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
}


@pytest.mark.parametrize(('change', 'message'), OTHERS.values(), ids=OTHERS)
def test_what_the_server_finds_otherwise_is_named(server, served, colour_model, photos, capsys, change, message):
  server.answer = changed(served, change)
  assert check(server.url, colour_model, photos) == 1
  err = capsys.readouterr().err.strip()
  assert message in err
  assert '\n' not in err


def test_a_server_that_refuses_is_one_line(server, colour_model, photos, capsys):
  server.answer = lambda path, request: (404, {'error': 'Servable\n not found'})
  assert check(server.url, colour_model, photos) == 1
  assert capsys.readouterr().err.strip().endswith('no such model or version: Servable not found')


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
