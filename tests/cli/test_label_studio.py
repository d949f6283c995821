"""`detection-pipeline label-studio`."""

import PIL.Image
import pytest

from cli import main
from detection.labelling_tools import server as server_module

CONFIG = '<View><Image name="i" value="$x"/><RectangleLabels name="b" toName="i"/></View>'


def test_a_pushed_model_labels_an_image_of_the_local_storage(colour_model, draw, tmp_path, monkeypatch):
  PIL.Image.fromarray(draw([('red', (10, 8, 34, 30))])).save(tmp_path / 'a.png')
  answers = []

  def ask(server):
    request = {'tasks': [{'id': 1, 'data': {'x': '/data/local-files/?d=a.png'}}], 'label_config': CONFIG}
    answers.append(server.backend.answer('POST', '/predict', request))

  monkeypatch.setattr(server_module.Server, 'serve_forever', ask)
  assert main.main(['label-studio', str(colour_model), '--port', '0', '--images', str(tmp_path)]) == 0
  ((status, content),) = answers
  assert status == 200
  assert [region['value']['rectanglelabels'] for region in content['results'][0]['result']] == [['red']]


@pytest.mark.parametrize(
  ('words', 'message'),
  [
    (['--min-score', '2'], '--min-score: expected'),
    (['--port', '70000'], '--port: expected'),
    (['--server', 'localhost'], '--server: expected a URL'),
    (['--allow', 'ftp://there'], '--allow: expected a URL'),
    (['--images', '/not/there'], '--images: /not/there: no such folder'),
  ],
)
def test_a_wrong_value_is_one_line(words, message, capsys):
  assert main.main(['label-studio', 'model', *words]) == 2
  assert message in capsys.readouterr().err
