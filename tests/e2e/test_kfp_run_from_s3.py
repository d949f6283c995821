"""A whole run on KFP from object storage: data, weights to start from, and a model that was pushed there before."""

import subprocess
import sys

import pytest

from detection.odapi.weights import targets
from detection.sample_data import draw
from tests.support import keras_networks, s3_server
from tests.support.whole_runs import SEARCH, assert_pushed, made, run


@pytest.fixture
def data(tmp_path):
  draw.write(str(tmp_path / 'data'), images=24, seed=0)
  return tmp_path / 'data'


@pytest.fixture
def s3():
  with s3_server.running() as server:
    yield server


@pytest.mark.slow
def test_from_s3_and_the_model_pushed_there_before_to_one_pushed_beside_it(
  data, s3, finished_run, tmp_path, monkeypatch
):
  s3.make_bucket('raccoon')
  s3.upload(data, 'raccoon', 'data')
  (tmp_path / 'nets').mkdir()
  keras_networks.keras2_weights_h5(targets.keras_network('MobileNetV2', 0.35), str(tmp_path / 'nets' / 'net.h5'))
  s3.upload(tmp_path / 'nets', 'raccoon', 'nets')
  s3.upload(finished_run.pushed, 'raccoon', 'serving')
  before = set(s3.keys('raccoon', 'serving/'))
  for name, value in s3.variables.items():
    monkeypatch.setenv(name, value)
  states = run(
    tmp_path,
    's3://raccoon/data',
    'data.statistics=false',
    SEARCH,
    'evaluate.min_improvement=-1.0',
    'model.mode=classification',
    'model.checkpoint=s3://raccoon/nets/net.h5',
    work_root='minio://raccoon/work',
    push_destination='s3://raccoon/serving',
  )
  assert set(states.values()) == {'SUCCEEDED'}
  restored = made(tmp_path, 'restore_report.json')
  assert (restored['checkpoint'], restored['backbone']) == ('s3://raccoon/nets/net.h5', [260, 260])
  assert made(tmp_path, 'metrics.json')['baseline']['metrics']
  pushed = [key.removeprefix('serving/') for key in s3.keys('raccoon', 'serving/') if key not in before]
  assert_pushed(pushed)
  assert not [key for key in pushed if 'partial' in key]
  assert [trial['state'] for trial in made(tmp_path, 'trials.json')['trials']] == ['complete', 'complete']
  # The folders of trials and training are cleared once the model stands.
  assert s3.keys('raccoon', 'work/') == []
  # And what TensorFlow Serving's pod makes of it.
  served = tmp_path / 'served'
  command = [sys.executable, '-m', 'kubeflow.runtime.mirror', 's3://raccoon/serving', str(served), '--once']
  subprocess.run(command, check=True, timeout=120)
  assert (served / pushed[0].partition('/')[0] / 'saved_model.pb').exists()
