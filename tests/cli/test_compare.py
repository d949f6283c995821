"""`detection-pipeline compare`, as a user calls it."""

import json
import os

import pytest

from cli import main


def metrics_json(ap, images=40, fingerprint='f1', classes=('cat',)):
  names = ['AP', 'AP50', 'AP75', 'AP_small', 'AP_medium', 'AP_large', 'AR100', 'F1']
  values = {name: ap for name in names} | {'AP_small': None}
  return {
    'verdict': {'blessed': ap > 0.5, 'reason': '', 'checks': []},
    'facts': {'data fingerprint': fingerprint, 'steps': '100'},
    'model': {
      'images': images,
      'objects': 50,
      'iou': 0.5,
      'metrics': values,
      'intervals': {'AP': {'low': ap - 0.1, 'high': ap + 0.1}},
      'per_class': [{'name': name, 'metrics': {'AP': ap}} for name in classes],
    },
  }


@pytest.fixture
def runs(tmp_path):
  """Three places: an evaluation, a pushed version, and a pipeline's folder with two evaluations."""
  contents = {
    'a/metrics.json': metrics_json(0.4),
    'serving/7/metrics.json': metrics_json(0.6),
    'runs/pets/MapEvaluator/evaluation/3/metrics.json': metrics_json(0.1),
    'runs/pets/MapEvaluator/evaluation/12/metrics.json': metrics_json(0.5, classes=('cat', 'dog<$>')),
  }
  for age, (name, content) in enumerate(contents.items()):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    os.utime(path, (1000 + age, 1000 + age))
  return [str(tmp_path / name) for name in ('a', 'serving/7', 'runs/pets')]


def test_runs_stand_side_by_side_and_the_best_has_a_star(runs, tmp_path, capsys):
  assert main.main(['compare', *runs, '--output', str(tmp_path / 'page.html')]) == 0
  lines = capsys.readouterr().out.splitlines()
  assert lines[0].split() == ['a', 'serving/7', 'runs/pets']
  assert lines[1].split() == ['AP', '40.0', '60.0*', '50.0']
  assert next(line for line in lines if line.startswith('AP dog')).split() == ['AP', 'dog<$>', '–', '–', '50.0*']
  assert next(line for line in lines if line.startswith('blessed')).split() == ['blessed', 'no', 'yes', 'no']
  html = (tmp_path / 'page.html').read_text()
  assert 'dog&lt;$&gt;' in html
  assert html.count('<img src="data:image/svg+xml') == 2


def test_runs_on_other_images_are_called_so(runs, tmp_path, capsys):
  (tmp_path / 'a' / 'metrics.json').write_text(json.dumps(metrics_json(0.4, images=39, fingerprint='f2')))
  assert main.main(['compare', *runs]) == 0
  out = capsys.readouterr().out
  assert 'different images' in out
  assert 'data changed' in out


@pytest.mark.parametrize(
  ('change', 'status', 'message'),
  [
    pytest.param(lambda args: args[:1], 2, 'two runs or more', id='one run'),
    pytest.param(lambda args: [*args, 'nowhere'], 2, 'nowhere: no metrics.json', id='a missing run'),
    pytest.param(lambda args: [*args, '--output', 'page.txt'], 2, '.html', id='a page that is no page'),
    pytest.param(lambda args: [*args, '--output', 'there.html'], 2, 'there.html exists', id='a file that is there'),
    pytest.param(lambda args: [*args, 'broken.json'], 1, 'not JSON', id='no JSON'),
    pytest.param(lambda args: [*args, 'other.json'], 1, 'not an evaluation', id='JSON of something else'),
  ],
)
def test_mistakes_are_one_line(runs, tmp_path, monkeypatch, capsys, change, status, message):
  monkeypatch.chdir(tmp_path)
  for name, content in (('there.html', ''), ('broken.json', '{'), ('other.json', '[]')):
    (tmp_path / name).write_text(content)
  assert main.main(['compare', *change(runs)]) == status
  assert message in capsys.readouterr().err.strip().splitlines()[-1]
