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
SPACE = 'space: {learning_rate: {values: [0.02]}}'
SEARCH = f'tune={{{SPACE}, method: grid, trials: 1, steps: 2, evaluations: 1, parallel: 2}}'


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


def made(tmp_path, name):
  """The content of the one artifact's file that is called `name`."""
  (file,) = (tmp_path / 'runs/store').rglob(name)
  return json.loads(file.read_text())


@pytest.mark.slow
def test_from_local_files_to_a_model_tuned_and_adapted_and_named_and_pushed(data, tmp_path):
  serving, night = tmp_path / 'serving', tmp_path / 'night'
  sample_data.write(str(night), images=8, seed=1, domain='night')
  places = {'work_root': tmp_path / 'work', 'push_destination': serving}
  states = run(tmp_path, str(data), SEARCH, f'adapt.target={night}', 'two_stage={}', **places)
  assert set(states.values()) == {'SUCCEEDED'}
  assert {'StatisticsGen', 'SchemaGen', 'ExampleValidator', 'DetectionPusher'} <= set(states)
  assert_pushed([str(path.relative_to(serving)) for path in serving.rglob('*')])
  assert [trial['state'] for trial in made(tmp_path, 'trials.json')['trials']] == ['complete', 'complete']
  assert 'train/Domain/loss' in made(tmp_path, 'run.json')['last_evaluation']
  assert set(made(tmp_path, 'classifier.json')['objects']) == set(sample_data.CLASSES)
  # Trials and training clear what they kept for a restart.
  assert not list((tmp_path / 'work').iterdir())


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
  assert made(tmp_path, 'metrics.json')['baseline']['metrics']
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
