"""The backend over HTTP, asked as Label Studio's client asks."""

import threading

import pytest
import requests

from detection.labelling_tools.label_studio import Backend
from detection.labelling_tools.server import Server
from tests.support.colour_detector import picture, png
from tests.support.fake_detector import FakeDetector

CONFIG = '<View><Image name="i" value="$x"/><RectangleLabels name="b" toName="i"/></View>'


@pytest.fixture
def url():
  backend = Backend(FakeDetector(), lambda name: png(picture([])), 0.3)
  with Server(backend, '127.0.0.1', 0) as server:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.url
    server.shutdown()
    thread.join()


def test_a_project_is_set_up_and_predicted(url):
  assert requests.get(f'{url}/health', timeout=5).json()['status'] == 'UP'
  answer = requests.post(f'{url}/setup', json={'project': '1.2', 'schema': CONFIG}, timeout=5)
  assert answer.json() == {'model_version': '17'}
  request = {'tasks': [{'id': 1, 'data': {'x': 'a.png'}}] * 2, 'label_config': CONFIG, 'project': '1.2', 'params': {}}
  answer = requests.post(f'{url}/predict', json=request, timeout=5)
  assert answer.headers['Content-Type'] == 'application/json'
  assert [len(one['result']) for one in answer.json()['results']] == [2, 2]


@pytest.mark.parametrize('body', [b'no json', b'[1]', b'\xff', b'[' * 100_000])
def test_what_is_no_request_is_refused(url, body):
  answer = requests.post(f'{url}/predict', data=body, timeout=5)
  assert answer.status_code == 400
  assert answer.json()['error'].startswith('body: ')


def test_an_unknown_path_is_not_found(url):
  assert requests.get(f'{url}/metrics', timeout=5).status_code == 404
