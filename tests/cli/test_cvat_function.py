"""`detection-pipeline cvat-function`."""

import json

import pytest
import yaml

from cli import main
from detection.inference.detector import Detector


def write(*words):
  return main.main(['cvat-function', *map(str, words)])


def test_the_folder_has_the_function_its_entry_point_and_the_model(colour_model, draw, tmp_path, capsys):
  out = tmp_path / 'function'
  assert write(colour_model, '--output', out, '--image', 'registry/image:1', '--name', 'mine') == 0
  assert f'nuctl deploy --project-name cvat --path {out}' in capsys.readouterr().out
  function = yaml.safe_load((out / 'function.yaml').read_text())
  assert [row['name'] for row in json.loads(function['metadata']['annotations']['spec'])] == ['red', 'blue']
  compile((out / 'main.py').read_text(), 'main.py', 'exec')
  (found,) = Detector(str(out / 'model')).detect([draw([('red', (10, 8, 34, 30))])], 0.5)
  assert found.names == ('red',)


@pytest.mark.parametrize(
  ('words', 'message'),
  [(['--name', 'My Model'], '--name: expected lower-case'), ([], 'exists. Name a new folder')],
)
def test_what_cannot_be_is_one_line(words, message, tmp_path, capsys):
  assert write('model', '--output', tmp_path, '--image', 'x', *words) == 2
  assert message in capsys.readouterr().err
