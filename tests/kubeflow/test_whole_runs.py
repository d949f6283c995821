"""The demo config, compiled and run as open-source KFP runs it, to a pushed model: from local files, and from S3."""

import json
import pathlib
import subprocess
import sys

import pytest
import s3_server
from environments import PROJECT

from kubeflow import emulate, targets
from pipeline import config, sample_data

STEPS = 4
QUICK = [f'train.num_steps={STEPS}', f'train.eval_every={STEPS}', 'evaluate.thresholds={AP50: 0.0}']


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  folder = tmp_path_factory.mktemp('data')
  sample_data.write(str(folder), images=24, seed=0)
  return folder


@pytest.fixture(scope='module')
def s3():
  with s3_server.running() as server:
    yield server


def run(tmp_path, data_root, *overrides, **parameters):
  """Compiles the demo config and emulates it; returns {task: state}."""
  compiled = str(tmp_path / 'demo.yaml')
  loaded = config.load(str(PROJECT / 'configs/demo.yaml'), data_root, [*QUICK, *overrides])
  targets.compile_config(loaded, 'kfp', compiled)
  lines = []
  given = [f'{name}={value}' for name, value in parameters.items()]
  succeeded = emulate.emulate(compiled, str(tmp_path / 'runs'), True, given, report=lines.append)
  assert succeeded, '\n'.join(lines)
  states = json.loads((tmp_path / 'runs/run-1/state.json').read_text())
  return {name: task['state'] for name, task in states.items()}


@pytest.mark.slow
def test_from_local_files_to_a_pushed_model(data, tmp_path):
  serving = tmp_path / 'serving'
  states = run(tmp_path, str(data), work_root=tmp_path / 'work', push_destination=serving)
  assert set(states.values()) == {'SUCCEEDED'}
  assert {'StatisticsGen', 'SchemaGen', 'ExampleValidator', 'DetectionPusher'} <= set(states)
  assert_pushed([str(path.relative_to(serving)) for path in serving.rglob('*')])


@pytest.mark.slow
def test_from_s3_and_the_model_pushed_there_before_to_one_pushed_beside_it(
  data, s3, finished_run, tmp_path, monkeypatch
):
  s3.make_bucket('raccoon')
  s3.upload(data, 'raccoon', 'data')
  s3.upload(finished_run.home / 'tiny/serving', 'raccoon', 'serving')
  before = set(s3.keys('raccoon', 'serving/'))
  for name, value in s3.variables.items():
    monkeypatch.setenv(name, value)
  states = run(
    tmp_path,
    's3://raccoon/data',
    'data.statistics=false',
    'evaluate.min_improvement=-1.0',
    work_root='minio://raccoon/work',
    push_destination='s3://raccoon/serving',
  )
  assert set(states.values()) == {'SUCCEEDED'}
  (evaluation,) = (tmp_path / 'runs/store').rglob('metrics.json')
  assert json.loads(evaluation.read_text())['baseline']['metrics']
  pushed = [key.removeprefix('serving/') for key in s3.keys('raccoon', 'serving/') if key not in before]
  assert_pushed(pushed)
  assert not [key for key in pushed if 'partial' in key]
  # The training's own folder is cleared once the model stands.
  assert s3.keys('raccoon', 'work/') == []
  # And what TensorFlow Serving's pod makes of it.
  served = tmp_path / 'served'
  command = [sys.executable, '-m', 'kubeflow.mirror', 's3://raccoon/serving', str(served), '--once']
  subprocess.run(command, check=True, timeout=120)
  assert (served / pushed[0].partition('/')[0] / 'saved_model.pb').exists()


def assert_pushed(names):
  models = [name for name in names if pathlib.PurePath(name).name == 'saved_model.pb']
  assert len(models) == 1, names
  version = pathlib.PurePath(models[0]).parts[0]
  assert version.isdigit(), names
  assert f'{version}/label_map.pbtxt' in names or any(n.endswith('label_map.pbtxt') for n in names), names
