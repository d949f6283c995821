"""Logging to MLflow: off by default, and all there when a real server is named."""

import json
import os
import subprocess

import pytest

from detection import tracking
from detection.base.errors import ConfigError
from tests.support import mlflow_server
from tests.support.environments import PROJECT

SERVER = 'http://127.0.0.1:9'


@pytest.fixture
def artifacts(tmp_path):
  """What a trainer and an evaluator leave."""
  history = [{'step': 2, 'AP': 0.25, 'AP_small': None}, {'step': 4, 'AP': 0.5, 'train/Loss/total_loss': 1.5}]
  record = {
    'num_steps': 4,
    'settings': {'seed': 0, 'freeze': ['a'], 'early_stopping': None},
    'data_fingerprint': '44cc',
    'content': '59ad',
    'versions': {'tensorflow': '2.15.1'},
    'pipeline_config': 'model { ssd { num_classes: 3 } }',
  }
  document = {'verdict': {'blessed': True}, 'model': {'metrics': {'AP': 0.4, 'AP_large': None}}}
  (tmp_path / 'run.json').write_text(json.dumps(record))
  (tmp_path / 'history.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in history))
  (tmp_path / 'metrics.json').write_text(json.dumps(document))
  (tmp_path / 'report.html').write_text('<p>the report</p>')
  return tmp_path


@pytest.mark.parametrize(
  'environment',
  [
    pytest.param({}, id='nothing'),
    pytest.param({'MLFLOW_TRACKING_URI': SERVER}, id='a server alone, which may be meant for others'),
    pytest.param({'MLFLOW_RUN_ID': '1'}, id='a run alone'),
  ],
)
def test_without_a_server_and_a_run_nothing_is_logged_and_nothing_is_said(artifacts, environment, capsys):
  tracker = tracking.from_environment(environment)
  tracker.log_training(str(artifacts))
  tracker.log_evaluation(str(artifacts))
  tracker.log_push('/serving/7', 7)
  # MLflow is not installed here: a server that is obeyed would be told of, and so would a log that fails.
  assert capsys.readouterr() == ('', '')


def test_where_mlflow_is_not_installed_the_environment_is_not_obeyed_and_a_config_is_refused(monkeypatch, capsys):
  monkeypatch.setattr(tracking.importlib.util, 'find_spec', lambda name: None)
  tracking.from_environment({'MLFLOW_TRACKING_URI': SERVER, 'MLFLOW_RUN_ID': '1'}).log_push('/serving/7', 7)
  assert 'MLflow is not installed: nothing is logged there' in capsys.readouterr().out
  with (
    pytest.raises(ConfigError, match='track.mlflow: MLflow is not installed'),
    tracking.local_run(tracking.TrackSettings(mlflow=SERVER), 'raccoon'),
  ):
    pass


def test_a_compiled_files_steps_are_given_the_server_and_an_experiment():
  given = tracking.variables(tracking.TrackSettings(mlflow=SERVER), 'raccoon')
  assert given == {'MLFLOW_TRACKING_URI': SERVER, 'DETECTION_EXPERIMENT': 'raccoon'}
  assert tracking.variables(tracking.TrackSettings(), 'raccoon') == {}


def test_nested_values_become_dotted_names():
  assert tracking.flat({'a': {'b': [1], 'c': None}, 'd': 'text'}) == {'a.b': '[1]', 'a.c': 'null', 'd': 'text'}


# In MLflow's own environment. What is printed is compared.
_LOGS = """
import os, sys
from detection import tracking
from detection.base.errors import ConfigError

folder, server = sys.argv[1:]
before = dict(os.environ)
with tracking.local_run(tracking.TrackSettings(mlflow=server), 'raccoon'):
  for log in (lambda one: one.log_training(folder), lambda one: one.log_evaluation(folder),
              lambda one: one.log_push('/serving/7', 7)):
    log(tracking.from_environment())
assert 'MLFLOW_RUN_ID' not in os.environ

# As a step of a compiled file, and as one whose run another has made.
os.environ.update(tracking.variables(tracking.TrackSettings(mlflow=server), 'on-kubeflow'))
tracking.from_environment().log_push('/serving/8', 8)

os.environ['MLFLOW_RUN_ID'] = 'no-such-run'
for uri in (server, 'http://127.0.0.1:9'):
  try:
    tracking.from_environment({**os.environ, 'MLFLOW_TRACKING_URI': uri})
  except ConfigError as error:
    print(str(error).partition(':')[0] + ' refused')

# The server goes away after the training has begun.
class Gone:
  def __getattr__(self, name):
    from mlflow.exceptions import MlflowException
    def refuse(*_, **__):
      raise MlflowException('gone')
    return refuse
tracking.Tracker(Gone(), '1').log_training(folder)
"""


@pytest.mark.slow
def test_a_real_server_has_parameters_history_report_and_the_pushed_version(artifacts, tmp_path):
  with mlflow_server.running(tmp_path) as server:
    environment = {**os.environ, 'PYTHONPATH': str(PROJECT), 'MLFLOW_HTTP_REQUEST_MAX_RETRIES': '0'}
    command = [server.python, '-W', 'ignore', '-c', _LOGS, str(artifacts), server.address]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    said = [line for line in done.stdout.splitlines() if 'refused' in line or 'warning' in line]
    assert said == [
      'MLflow at http refused',
      'MLflow at http refused',
      'warning: MLflow has not taken everything: gone',
    ]
    (run,) = server.runs('raccoon')
    assert run['info']['status'] == 'FINISHED'
    parameters = {each['key']: each['value'] for each in run['data']['params']}
    assert parameters['num_steps'] == '4'
    assert parameters['settings.freeze'] == '["a"]'
    assert parameters['versions.tensorflow'] == '2.15.1'
    assert server.history(run, 'AP') == [(2, 0.25), (4, 0.5)]
    assert server.history(run, 'final/AP') == [(0, 0.4)]
    assert {each['key'] for each in run['data']['metrics']} == {'AP', 'final/AP', 'train/Loss/total_loss'}
    tags = {each['key']: each['value'] for each in run['data']['tags']}
    assert (tags['blessed'], tags['pushed_version'], tags['pushed_to']) == ('true', '7', '/serving/7')
    assert server.artifacts(run) == ['pipeline.config', 'report.html']
    (of_a_step,) = server.runs('on-kubeflow')
    assert {'key': 'pushed_version', 'value': '8'} in of_a_step['data']['tags']
