"""`detection-pipeline check-data`, as a user calls it."""

import json
import shutil
import subprocess
import sys

import pytest

from cli import check_data, main
from components.voc_example_gen.report import summary
from detection.label_faults import folds
from detection.label_faults.ranking import KINDS
from detection.sample_data import draw
from tests.support import voc_maker
from tests.support.voc_maker import thing, voc


@pytest.fixture
def messy(tmp_path):
  return voc_maker.messy(tmp_path / 'data')


def test_it_says_what_ingestion_would(messy, tmp_path, capsys):
  status = main.main(['check-data', str(messy), '--json', str(tmp_path / 'report.json')])
  out, err = capsys.readouterr()
  assert status == 1
  assert '2 of 14 files refused' in err
  assert 'JPEGImages/half.jpg: OSError: image file is truncated' in out
  found = json.loads((tmp_path / 'report.json').read_text())
  planned, _, tally = voc_maker.examine(messy)
  assert found == summary.as_dict(planned, tally)
  assert check_data.check(str(messy), settings={'max_bad_fraction': 0.5}) == 0


def test_it_changes_nothing(messy):
  before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in messy.rglob('*') if p.is_file()}
  main.main(['check-data', str(messy)])
  assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in messy.rglob('*') if p.is_file()} == before


def test_the_csv_of_a_folder_reads_back_as_the_same_boxes(messy, tmp_path):
  table = tmp_path / 'labels.csv'
  main.main(['check-data', str(messy), '--csv', str(table)])
  assert table.read_text().splitlines()[0] == 'filename,width,height,class,xmin,ymin,xmax,ymax'
  assert 'JPEGImages/000.jpg,64,48,cat,10,10,30,30' in table.read_text()
  (messy / 'labels.csv').write_text(table.read_text())
  _, as_voc, _ = voc_maker.examine(messy, data_format='voc')
  _, as_csv, tally = voc_maker.examine(messy, data_format='csv')
  used = {image: outcome.objects for image, outcome in as_voc.items() if not outcome.reason}
  assert {image: outcome.objects for image, outcome in as_csv.items()} == used
  assert len(used) == 12
  assert not tally.bad


def test_a_report_that_cannot_be_written_is_one_line(messy, tmp_path, capsys):
  assert main.main(['check-data', str(messy), '--json', str(tmp_path / 'nowhere/report.json')]) == 2
  assert 'cannot be written' in capsys.readouterr().err.strip().splitlines()[-1]
  assert not (tmp_path / 'nowhere').exists()


def test_the_first_line_comes_before_what_takes_time(tmp_path, capsys):
  assert main.main(['check-data', str(tmp_path / 'nowhere')]) != 0
  assert capsys.readouterr().out == f'{tmp_path}/nowhere: listing files\n'


def test_names_cannot_write_to_the_terminal(tmp_path, capsys):
  root = voc_maker.devkit(tmp_path, 4)
  voc_maker.write(root, {'\x1b[2J\nall is well.xml': voc(thing())})
  assert main.main(['check-data', str(root)]) == 1
  for shown in capsys.readouterr():
    assert '\x1b' not in shown
    assert r'\x1b[2J\nall is well.xml' in shown


def test_it_starts_without_tensorflow_or_beam(messy):
  code = (
    'import sys; from cli import main as cli; cli.main(["check-data", sys.argv[1]]);'
    'sys.exit(sum(name in sys.modules for name in ("tensorflow", "apache_beam", "tfx")))'
  )
  assert subprocess.run([sys.executable, '-c', code, str(messy)], capture_output=True).returncode == 0


@pytest.fixture(scope='module')
def model(finished_run):
  return str(finished_run.artifact('ODAPITrainer', 'model'))


@pytest.mark.slow
def test_suspects_are_written_as_json_and_as_a_page_with_a_pushed_models_features(finished_run, tmp_path, capsys):
  pushed = str(finished_run.pushed)
  arguments = ['check-data', str(finished_run.data), '--suspects', str(tmp_path / 'out'), '--model', pushed]
  assert main.main(arguments) == 0
  content = json.loads((tmp_path / 'out' / 'suspects.json').read_text())
  boxes = sum(path.read_text().count('<object>') for path in (finished_run.data / 'Annotations').iterdir())
  assert content['boxes'] == boxes
  assert f'{len(content["suspects"])} of {boxes} boxes look like another class' in capsys.readouterr().out
  assert content['detector']['images'] == 24
  page = (tmp_path / 'out' / 'suspects.html').read_text()
  assert page.count('<figure>') == len(content['suspects']) + sum(len(content['detector'][kind]) for kind in KINDS)


@pytest.mark.slow
def test_folds_judge_each_image_by_a_detector_that_has_not_seen_it(finished_run, model, tmp_path, monkeypatch, capsys):
  trained = []
  train = folds._train

  def train_once(*arguments):
    # A second training would cost as much and prove no more: which images each fold trains on is in test_folds.py.
    trained.append(trained[0] if trained else train(*arguments))
    return trained[-1]

  monkeypatch.setattr(folds, '_train', train_once)
  arguments = ['check-data', str(finished_run.data), '--suspects', str(tmp_path), '--model', model]
  assert main.main([*arguments, '--folds', '2', '--steps', '1']) == 0
  assert len(trained) == 2
  content = json.loads((tmp_path / 'suspects.json').read_text())
  assert (content['detector']['folds'], content['detector']['images']) == (2, 24)
  out = capsys.readouterr().out
  assert 'fold 2 of 2: 1 training steps on the other images' in out
  assert 'may have been trained on these images' not in out


@pytest.mark.parametrize(
  ('arguments', 'message'),
  [
    pytest.param(['--folds', '3'], '--folds: expected 2 or more beside --suspects', id='folds of no search'),
    pytest.param(['--suspects', 'o', '--model', 'm', '--folds', '1'], '--folds: expected 2 or more', id='one fold'),
    pytest.param(['--suspects', 'o', '--model', 'm', '--steps', '9'], '--steps: expected 1', id='steps of no folds'),
  ],
)
def test_folds_that_make_no_sense_are_refused(messy, capsys, arguments, message):
  assert main.main(['check-data', str(messy), *arguments]) == 2
  assert message in capsys.readouterr().err


@pytest.mark.slow
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
