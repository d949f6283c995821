"""check-data --suspects and refit, from the command line, on the finished run's model and data."""

import json
import shutil

import pytest

from cli import main
from detection.inference.detector import Detector
from detection.sample_data import draw

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def model(finished_run):
  return str(finished_run.artifact('ODAPITrainer', 'model'))


@pytest.fixture(scope='module')
def refitted(finished_run, model, tmp_path_factory):
  """The folder of a model that refit made of the finished run's."""
  output = tmp_path_factory.mktemp('refitted') / 'model'
  assert main.main(['refit', '--model', model, '--data', str(finished_run.data), '--output', str(output)]) == 0
  return output


def test_refit_names_the_classes_of_the_data(refitted, finished_run):
  detector = Detector(str(refitted))
  assert list(detector.labels) == sorted(draw.CLASSES)
  (found,) = detector.detect([str(finished_run.data / 'JPEGImages' / 'sample-0000.jpg')])
  assert set(found.names) <= set(draw.CLASSES)
  facts = json.loads((refitted / 'classifier.json').read_text())
  assert set(facts['objects']) == set(draw.CLASSES)
  assert facts['cross_validated_accuracy'] > 0.4
  assert (refitted / 'pipeline.config').exists()


def test_suspects_are_written_as_json_and_as_a_page_with_a_pushed_models_features(finished_run, tmp_path, capsys):
  pushed = str(finished_run.home / 'tiny' / 'serving')
  arguments = ['check-data', str(finished_run.data), '--suspects', str(tmp_path / 'out'), '--model', pushed]
  assert main.main(arguments) == 0
  content = json.loads((tmp_path / 'out' / 'suspects.json').read_text())
  boxes = sum(path.read_text().count('<object>') for path in (finished_run.data / 'Annotations').iterdir())
  assert content['boxes'] == boxes
  assert f'{len(content["suspects"])} of {boxes} boxes look like another class' in capsys.readouterr().out
  page = (tmp_path / 'out' / 'suspects.html').read_text()
  assert page.count('<figure>') == len(content['suspects'])


@pytest.mark.parametrize(
  ('arguments', 'message', 'status'),
  [
    pytest.param(['check-data', '{data}', '--suspects', '{out}'], '--suspects and --model', 2, id='no model'),
    pytest.param(
      ['check-data', '{data}', '--suspects', '{out}', '--model', 'nowhere'],
      'nowhere: no such model',
      2,
      id='no such model',
    ),
    pytest.param(
      ['check-data', '{one}', '--suspects', '{out}', '--model', '{model}'], 'received one: "thing"', 1, id='one class'
    ),
  ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(finished_run, model, tmp_path, capsys, arguments, message, status):
  one = tmp_path / 'one'
  shutil.copytree(finished_run.data, one)
  for annotation in (one / 'Annotations').iterdir():
    text = annotation.read_text()
    for name in draw.CLASSES:
      text = text.replace(f'>{name}<', '>thing<')
    annotation.write_text(text)
  places = {'data': finished_run.data, 'one': one, 'model': model, 'out': tmp_path / 'out'}
  assert main.main([argument.format(**places) for argument in arguments]) == status
  error = capsys.readouterr().err.strip().splitlines()
  assert message in error[-1]
  assert error[-1].startswith('detection-pipeline ')
  assert not (tmp_path / 'out').exists()
