"""What Label Studio asks an ML backend, as its client does, and what it gets."""

import pytest

from detection.base.errors import DataError
from detection.labelling_tools import label_studio
from detection.labelling_tools.label_studio import Backend, Tags
from tests.support.colour_detector import picture, png
from tests.support.fake_detector import FakeDetector

CONFIG = """<View>
  <Image name="img" value="$photo"/>
  <RectangleLabels name="tag" toName="img"><Label value="cat"/><Label value="dog" background="blue"/></RectangleLabels>
</View>"""
PROJECT = '7.1700000000'


@pytest.fixture
def notes():
  return []


@pytest.fixture
def backend(notes):
  def fetch(name):
    if name.endswith('gone.png'):
      raise DataError(f'{name}: status 404.')
    return png(picture([], size=(200, 100)))

  return Backend(FakeDetector(), fetch, 0.3, notes.append)


def predict(backend, *photos, config=CONFIG):
  tasks = [{'id': number, 'data': {'photo': photo}} for number, photo in enumerate(photos)]
  request = {'tasks': tasks, 'model_version': None, 'project': PROJECT, 'label_config': config, 'params': {}}
  return backend.answer('POST', '/predict', request)


def test_the_backend_says_that_it_is_up_and_which_version_it_is(backend):
  assert backend.answer('GET', '/health', {})[1]['status'] == 'UP'
  request = {'project': PROJECT, 'schema': CONFIG, 'hostname': 'http://localhost:8080', 'access_token': 'x'}
  assert backend.answer('POST', '/setup', request) == (200, {'model_version': '17'})
  assert backend.answer('POST', '/webhook', {'action': 'ANNOTATION_CREATED'})[0] == 201


def test_boxes_come_in_percent_of_the_image_under_the_tags_of_the_project(backend):
  status, content = predict(backend, 'a.png')
  assert status == 200
  (prediction,) = content['results']
  assert prediction['model_version'] == '17'
  assert prediction['score'] == pytest.approx(0.65)
  cat = prediction['result'][0]
  assert (cat['from_name'], cat['to_name'], cat['type']) == ('tag', 'img', 'rectanglelabels')
  assert (cat['original_width'], cat['original_height'], cat['score']) == (200, 100, pytest.approx(0.9))
  expected = {'x': 10, 'y': 25, 'width': 40, 'height': 50, 'rotation': 0}
  assert {name: cat['value'][name] for name in expected} == pytest.approx(expected, abs=1e-4)
  assert cat['value']['rectanglelabels'] == ['cat']
  assert len({region['id'] for region in prediction['result']}) == 2


def test_labels_that_the_project_does_not_have_are_left_out(backend):
  _, content = predict(backend, 'a.png', config=CONFIG.replace('<Label value="cat"/>', ''))
  assert [region['value']['rectanglelabels'] for region in content['results'][0]['result']] == [['dog']]


def test_an_image_that_cannot_be_fetched_is_named_and_the_others_are_predicted(backend, notes):
  status, content = predict(backend, 'gone.png', 'a.png', None)
  assert status == 200
  assert [len(prediction['result']) for prediction in content['results']] == [0, 2, 0]
  assert notes == ['gone.png: status 404.', 'task 2: data.photo: expected the path or URL of an image.']


@pytest.mark.parametrize(
  ('request_', 'message'),
  [
    ({'tasks': []}, 'label_config: no XML'),
    ({'tasks': [], 'label_config': '<View><Image name="i" value="$i"/></View>'}, 'expected <RectangleLabels>'),
    ({'label_config': CONFIG}, 'tasks: expected a list'),
    ({'label_config': CONFIG, 'tasks': ['a']}, 'tasks: expected a list'),
    ({'tasks': [], 'label_config': '<!DOCTYPE x [<!ENTITY a "b">]><View>&a;</View>'}, 'label_config: no XML'),
  ],
)
def test_a_request_that_makes_no_sense_is_answered_with_the_reason(backend, request_, message):
  status, content = backend.answer('POST', '/predict', request_)
  assert status == 400
  assert message in content['error']


def test_data_of_a_task_that_is_no_object_is_named(backend, notes):
  status, content = backend.answer(
    'POST', '/predict', {'label_config': CONFIG, 'tasks': [{'id': 5, 'data': ['a.png']}]}
  )
  assert (status, content['results'][0]['result']) == (200, [])
  assert notes == ['task 5: data.photo: expected the path or URL of an image.']


def test_another_request_is_not_found(backend):
  assert backend.answer('POST', '/train', {})[0] == 404


def test_the_tags_of_an_interface_without_labels_take_all_classes():
  config = '<View><Image name="i" value="$x"/><RectangleLabels name="b" toName="i" value="$labels"/></View>'
  assert label_studio.read_tags(config) == Tags('b', 'i', 'x', frozenset())
