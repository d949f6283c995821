"""Logs a run to an MLflow server, with MLflow's own client: parameters, metrics, the report, the pushed version.

Off unless two variables are in the environment: MLFLOW_TRACKING_URI, and either MLFLOW_RUN_ID, a run that is there
already, as KFP's MLflow integration and `detection-pipeline run` set it, or DETECTION_EXPERIMENT, the name of an
experiment in which each step makes a run of its own, as compiled files set it where the run config has `track:`.

A model is never lost to its log: the server is asked before a training begins, and what it does not take at the end is
a warning. MLflow is an extra, `mlflow`, of the package.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Any

from detection.base import files
from detection.base.errors import ConfigError
from detection.base.progress import write_line
from detection.base.settings import Settings

URI, RUN_ID, EXPERIMENT = 'MLFLOW_TRACKING_URI', 'MLFLOW_RUN_ID', 'DETECTION_EXPERIMENT'
# MLflow's server takes no more of them in one call.
_MOST_METRICS, _MOST_PARAMETERS = 1000, 100
_LONGEST_PARAMETER = 500
# How long and how often the server is asked again; MLflow's own defaults are minutes.
_PATIENCE = {'MLFLOW_HTTP_REQUEST_TIMEOUT': '10', 'MLFLOW_HTTP_REQUEST_MAX_RETRIES': '2'}


class TrackSettings(Settings):
  """Where runs are logged.

  mlflow: the address of an MLflow server, such as http://mlflow.kubeflow:5000, or a folder; by default nowhere.
  """

  mlflow: str | None = None


class Tracker:
  """One run of MLflow, to which a step logs; or none, and then nothing happens."""

  def __init__(self, client: Any = None, run_id: str = '') -> None:
    self._client = client
    self._run_id = run_id

  def log_training(self, folder: str) -> None:
    """Parameters and metrics of a training.

    Args:
      folder: the model_run artifact, with run.json and history.jsonl.
    """
    if self._client is None:
      return
    with self._warned():
      record = json.loads(files.read_text(files.join(folder, 'run.json')))
      config = record.pop('pipeline_config')
      kept = {name: record[name] for name in ('num_steps', 'settings', 'data_fingerprint', 'content', 'versions')}
      self._log_parameters(flat(kept))
      history = files.read_text(files.join(folder, 'history.jsonl')).splitlines()
      self._log_metrics([json.loads(line) for line in history])
      self._log_text('pipeline.config', config)

  def log_evaluation(self, folder: str) -> None:
    """The final metrics, the verdict and the report.

    Args:
      folder: the evaluation artifact.
    """
    if self._client is None:
      return
    with self._warned():
      document = json.loads(files.read_text(files.join(folder, 'metrics.json')))
      model = document.get('model') or {}
      self._log_metrics([{f'final/{name}': value for name, value in model.get('metrics', {}).items()}])
      self._client.set_tag(self._run_id, 'blessed', str(document['verdict']['blessed']).lower())
      self._log_text('report.html', files.read_text(files.join(folder, 'report.html')))

  def log_push(self, folder: str, version: int) -> None:
    """Which version was pushed, and where."""
    if self._client is None:
      return
    with self._warned():
      self._client.set_tag(self._run_id, 'pushed_version', str(version))
      self._client.set_tag(self._run_id, 'pushed_to', folder)

  def _log_parameters(self, parameters: Mapping[str, str]) -> None:
    from mlflow.entities import Param

    every = [Param(name, value[:_LONGEST_PARAMETER]) for name, value in parameters.items()]
    for begin in range(0, len(every), _MOST_PARAMETERS):
      self._client.log_batch(self._run_id, params=every[begin : begin + _MOST_PARAMETERS])

  def _log_metrics(self, rows: list[dict[str, Any]]) -> None:
    """Numbers, each with the step of its row; what is no number, such as an AP without objects, is left out."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    every = [
      Metric(name, float(value), now, int(row.get('step', 0)))
      for row in rows
      for name, value in row.items()
      if name != 'step' and isinstance(value, int | float)
    ]
    for begin in range(0, len(every), _MOST_METRICS):
      self._client.log_batch(self._run_id, metrics=every[begin : begin + _MOST_METRICS])

  def _log_text(self, name: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
      path = os.path.join(folder, name)
      files.write_text(path, text)
      self._client.log_artifact(self._run_id, path)

  @contextlib.contextmanager
  def _warned(self) -> Iterator[None]:
    """Whatever MLflow raises in the block is a warning: the model is there already."""
    from mlflow.exceptions import MlflowException

    try:
      yield
    except (MlflowException, OSError) as error:
      write_line(f'warning: MLflow has not taken everything: {str(error).splitlines()[0]}')


def from_environment(environment: Mapping[str, str] | None = None) -> Tracker:
  """The run that the environment names; a Tracker that does nothing if it names none.

  Raises:
    ConfigError: if the server cannot be reached, or has no such run.
  """
  found = os.environ if environment is None else environment
  uri, run_id, experiment = (found.get(name, '') for name in (URI, RUN_ID, EXPERIMENT))
  if not uri or not (run_id or experiment):
    return Tracker()
  if importlib.util.find_spec('mlflow') is None:
    # An administrator may have set the variables for every step of every pipeline.
    write_line(f'{URI} is set, but MLflow is not installed: nothing is logged there.')
    return Tracker()
  client = _client(uri)
  with _refused(uri):
    if run_id:
      client.get_run(run_id)
    else:
      run_id = _new_run(client, experiment)
  return Tracker(client, run_id)


@contextlib.contextmanager
def local_run(settings: TrackSettings, name: str) -> Iterator[None]:
  """Makes an MLflow run for the steps that this process runs, and ends it; nothing if none is asked for.

  Raises:
    ConfigError: if MLflow is not installed, or the server cannot be reached.
  """
  if not settings.mlflow:
    yield
    return
  if importlib.util.find_spec('mlflow') is None:
    raise ConfigError('track.mlflow: MLflow is not installed. Expected the extra "mlflow"; see docs/training.md.')
  client = _client(settings.mlflow)
  with _refused(settings.mlflow):
    run_id = _new_run(client, name)
  before = {key: os.environ.get(key) for key in (URI, RUN_ID)}
  os.environ.update({URI: settings.mlflow, RUN_ID: run_id})
  state = 'FAILED'
  try:
    yield
    state = 'FINISHED'
  finally:
    for key, value in before.items():
      os.environ.pop(key) if value is None else os.environ.update({key: value})
    with Tracker(client, run_id)._warned():
      client.set_terminated(run_id, state)


def variables(settings: TrackSettings, name: str) -> dict[str, str]:
  """The variables with which the steps of a compiled file log to an experiment called `name`."""
  return {URI: settings.mlflow, EXPERIMENT: name} if settings.mlflow else {}


def flat(values: Mapping[str, Any], prefix: str = '') -> dict[str, str]:
  """{dotted name: text} of nested values."""
  found: dict[str, str] = {}
  for name, value in values.items():
    if isinstance(value, Mapping):
      found.update(flat(value, f'{prefix}{name}.'))
    else:
      found[f'{prefix}{name}'] = value if isinstance(value, str) else json.dumps(value)
  return found


def _client(uri: str) -> Any:
  for name, value in _PATIENCE.items():
    os.environ.setdefault(name, value)
  from mlflow import MlflowClient

  return MlflowClient(tracking_uri=uri)


def _new_run(client: Any, experiment: str) -> str:
  found = client.get_experiment_by_name(experiment)
  number = found.experiment_id if found else client.create_experiment(experiment)
  return client.create_run(number).info.run_id


@contextlib.contextmanager
def _refused(uri: str) -> Iterator[None]:
  from mlflow.exceptions import MlflowException

  try:
    yield
  except (MlflowException, OSError) as error:
    raise ConfigError(f'MLflow at {uri}: {str(error).splitlines()[0]}') from error
