"""Uploads a compiled file to a Kubeflow Pipelines server, starts a run, and follows it.

Speaks the server's public REST API, v2beta1, as kfp-server-api 2.17 describes it. That package and the kfp SDK 2 cannot
be installed beside kfp 1.8, which TFX 1.15 needs; the few calls made here need neither.
"""

import dataclasses
import hashlib
import json
import pathlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import requests

from detection.base.errors import ConfigError, UserError
from kubeflow.compiler import compiled_file

_API = '/apis/v2beta1'
_FINAL = ('SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED')
_TIMEOUT_SECONDS = 60
# A server that is restarting, or a proxy before it, is asked again this often while a run is followed.
_POLLS_TO_SURVIVE = 10


class SubmitError(UserError):
  """The server cannot be reached, or refuses. Exit status 1."""


class NewRun(NamedTuple):
  """A run to start. parameters: all of the run's; pipeline_root: URI below which its artifacts are kept."""

  name: str
  parameters: Mapping[str, Any]
  pipeline_root: str
  experiment_id: str | None = None


class Server:
  """One KFP API server.

  Args:
    endpoint: its address, such as http://localhost:8080 behind `kubectl port-forward`; a path is kept.
    token: sent as bearer token, if given.
    namespace: of a multi-user installation.
  """

  def __init__(self, endpoint: str, token: str | None = None, namespace: str | None = None) -> None:
    if not endpoint.startswith(('http://', 'https://')):
      raise ConfigError(f'--endpoint {endpoint}: expected a URL that starts with http:// or https://.')
    self._endpoint = endpoint.rstrip('/')
    self._namespace = namespace
    self._session = requests.Session()
    if token:
      self._session.headers['Authorization'] = f'Bearer {token}'

  def upload(self, path: str) -> tuple[str, str]:
    """Uploads the file as a pipeline, or as a new version of the one with its name.

    Returns:
      (pipeline id, version id). Equal content is uploaded once: versions are named by it.
    """
    content = pathlib.Path(path).read_bytes()
    name = compiled_file.read(path).name
    version = f'{name}-{hashlib.sha256(content).hexdigest()[:12]}'
    pipeline = self._pipeline_id(name)
    if pipeline is None:
      pipeline = self._send_file('/pipelines/upload', path, name=name, namespace=self._namespace)['pipeline_id']
      # KFP gives the first version a name of its own; it is found by being the only one.
      return pipeline, self._versions(pipeline)[0]['pipeline_version_id']
    for existing in self._versions(pipeline):
      if existing.get('display_name') == version:
        return pipeline, existing['pipeline_version_id']
    sent = self._send_file('/pipelines/upload_version', path, name=version, pipelineid=pipeline)
    return pipeline, sent['pipeline_version_id']

  def experiment(self, name: str) -> str:
    """The id of the experiment called `name`, made if it is not there."""
    with_name = {'predicates': [{'key': 'display_name', 'operation': 'EQUALS', 'string_value': name}]}
    found = self._call('GET', '/experiments', params={'filter': json.dumps(with_name), **self._in_namespace()})
    if found.get('experiments'):
      return found['experiments'][0]['experiment_id']
    body = {'display_name': name, **self._in_namespace()}
    return self._call('POST', '/experiments', body)['experiment_id']

  def start(self, pipeline: str, version: str, run: NewRun) -> str:
    """Starts a run of a pipeline's version, both given by id, and returns the run's id."""
    body: dict[str, Any] = {
      'display_name': run.name,
      'pipeline_version_reference': {'pipeline_id': pipeline, 'pipeline_version_id': version},
      # The server takes no root from the file.
      'runtime_config': {'parameters': dict(run.parameters), 'pipeline_root': run.pipeline_root},
    }
    if run.experiment_id:
      body['experiment_id'] = run.experiment_id
    return self._call('POST', '/runs', body)['run_id']

  def run(self, run_id: str) -> dict[str, Any]:
    """The run's state and its tasks' states, as the server's API gives them."""
    return self._call('GET', f'/runs/{run_id}')

  def _pipeline_id(self, name: str) -> str | None:
    found = self._call('GET', f'/pipelines/names/{name}', params=self._in_namespace(), missing_is_none=True)
    return found['pipeline_id'] if found else None

  def _versions(self, pipeline: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {'page_size': 100}
    while True:
      listed = self._call('GET', f'/pipelines/{pipeline}/versions', params=page)
      found += listed.get('pipeline_versions', [])
      if not listed.get('next_page_token'):
        return found
      page['page_token'] = listed['next_page_token']

  def _in_namespace(self) -> dict[str, str]:
    return {'namespace': self._namespace} if self._namespace else {}

  def _send_file(self, path: str, file: str, **query: str | None) -> dict[str, Any]:
    params = {name: value for name, value in query.items() if value is not None}
    # KFP tells YAML from archives by the name.
    with open(file, 'rb') as stream:
      files = {'uploadfile': (pathlib.Path(file).with_suffix('.yaml').name, stream, 'application/octet-stream')}
      return self._call('POST', path, params=params, files=files)

  def _call(
    self,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    files: Mapping[str, Any] | None = None,
    missing_is_none: bool = False,
  ) -> dict[str, Any]:
    url = f'{self._endpoint}{_API}{path}'
    try:
      answer = self._session.request(method, url, json=body, params=params, files=files, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
      raise SubmitError(f'--endpoint {self._endpoint}: cannot be reached: {type(error).__name__}.') from error
    if answer.status_code == 404 and missing_is_none:
      return {}
    if answer.status_code >= 400:
      raise SubmitError(f'{method} {path}: the server answers {answer.status_code}: {_message(answer)}')
    try:
      return answer.json()
    except ValueError as error:
      raise SubmitError(f'--endpoint {self._endpoint}: no KFP API server answers there: expected JSON.') from error


def read_token(path: str | None) -> str | None:
  """The bearer token in the file `path`; None without one.

  Raises:
    ConfigError: if it cannot be read.
  """
  if path is None:
    return None
  try:
    return pathlib.Path(path).read_text().strip()
  except OSError as error:
    raise ConfigError(f'--token-file {path}: cannot be read: {error.strerror}.') from error


@dataclasses.dataclass(frozen=True)
class Options:
  """How a run is started.

  Attributes:
    pipeline_root: URI below which artifacts are kept; by default what the compiled file says.
    experiment: its name; by default the server's default experiment.
    run_name: by default the pipeline's name and the time.
    wait: follow the run to its end.
    poll_seconds: how often the server is asked then.
  """

  pipeline_root: str | None = None
  experiment: str | None = None
  run_name: str | None = None
  wait: bool = True
  poll_seconds: float = 10.0


def submit(
  path: str,
  server: Server,
  parameters: Sequence[str] = (),
  options: Options | None = None,
  report: Callable[[str], None] = print,
) -> bool:
  """Uploads the compiled file at `path` and starts a run of it.

  Args:
    path: a file that `compile --target kfp` wrote.
    server: where to.
    parameters: NAME=VALUE for the run's parameters; the rest keep the file's defaults.
    options: by default Options().
    report: called with each line for the user.

  Returns:
    Whether the run succeeded; True at once if not waited for.

  Raises:
    UserError: if the file or a parameter is wrong, or the server refuses.
  """
  options = options or Options()
  compiled = compiled_file.read(path)
  values = compiled_file.run_parameters(compiled.spec, parameters)
  pipeline, version = server.upload(path)
  report(f'pipeline {compiled.name}: {pipeline}, version {version}')
  run = NewRun(
    name=options.run_name or f'{compiled.name} {time.strftime("%Y-%m-%d %H:%M:%S")}',
    parameters=values,
    pipeline_root=options.pipeline_root or compiled.spec.get('defaultPipelineRoot', ''),
    experiment_id=server.experiment(options.experiment) if options.experiment else None,
  )
  run_id = server.start(pipeline, version, run)
  report(f'run {run.name}: {run_id}')
  return follow(server, run_id, options.poll_seconds, report) if options.wait else True


def follow(server: Server, run_id: str, poll_seconds: float = 10.0, report: Callable[[str], None] = print) -> bool:
  """Reports each change of state of a run and its tasks until it ends; returns whether it succeeded."""
  seen: dict[str, str] = {}
  failures = 0
  while True:
    try:
      run = server.run(run_id)
      failures = 0
    except SubmitError:
      failures += 1
      if failures > _POLLS_TO_SURVIVE:
        raise
      time.sleep(poll_seconds)
      continue
    for line in _changes(run, seen):
      report(line)
    state = run.get('state', '')
    if state in _FINAL:
      reason = run.get('error', {}).get('message', '')
      report(f'run {state}' + (f': {reason}' if reason else ''))
      return state == 'SUCCEEDED'
    time.sleep(poll_seconds)


def _changes(run: Mapping[str, Any], seen: dict[str, str]) -> list[str]:
  lines = []
  for task in run.get('run_details', {}).get('task_details', []):
    name, state = task.get('display_name', ''), task.get('state', '')
    # Drivers are tasks too; they say nothing to the user unless they fail.
    if not name or (name.endswith('-driver') and state != 'FAILED') or seen.get(name) == state:
      continue
    seen[name] = state
    message = task.get('error', {}).get('message', '')
    lines.append(f'{name:<24} {state}' + (f'  {message}' if message else ''))
  return lines


def _message(answer: requests.Response) -> str:
  try:
    said = answer.json()
  except ValueError:
    said = {}
  text = said.get('message') or said.get('error_message') or said.get('error') or answer.text or answer.reason
  return ' '.join(str(text).split())[:500]
