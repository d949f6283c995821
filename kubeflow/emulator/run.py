"""One run of a compiled file under the emulator: its tasks in order, attempt by attempt."""

import dataclasses
import itertools
import json
import pathlib
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

from detection.base import files
from kubeflow.compiler import compiled_file
from kubeflow.emulator import cache, clusters, driver, pod
from kubeflow.emulator.clusters import ClusterError

SUCCEEDED, FAILED, OMITTED, CANCELED = 'SUCCEEDED', 'FAILED', 'OMITTED', 'CANCELED'
# The pod file system of the task under way, below the root: its path is the same for all tasks of all runs.
POD = 'emulated-pod'
_LINES_SHOWN = 15


@dataclasses.dataclass(frozen=True)
class Pending:
  """A task whose pod is still to be run: what the driver has made of it."""

  name: str
  component: Mapping[str, Any]
  container: Mapping[str, Any]
  sent: Mapping[str, Any]
  fingerprint: str  # '' if the task is not to be cached
  retried: bool


class Run:
  """One run of a compiled pipeline."""

  def __init__(
    self,
    compiled: compiled_file.CompiledFile,
    folder: pathlib.Path,
    cluster: clusters.Plain,
    parameters: Mapping[str, Any],
    use_cache: bool,
    report: Callable[[str], None],
  ) -> None:
    self._name = compiled.name
    self._spec = compiled.spec
    self._volumes = compiled_file.volumes(compiled.platforms)
    self._folder = folder
    self._pod = folder.parent / POD
    self._cluster = cluster
    self._parameters = parameters
    self._use_cache = use_cache
    self._report = report
    self._artifacts: dict[tuple[str, str], dict[str, Any]] = {}
    self._values: dict[tuple[str, str], Any] = {}
    self._states: dict[str, dict[str, Any]] = {}
    self._ids = itertools.count(cache.highest_id(folder.parent) + 1)

  def run(self) -> bool:
    """Runs all tasks in order. After a failure nothing new is started, except exit handlers."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
      succeeded = self._run_dag(self._spec['root']['dag'])
    finally:
      signal.signal(signal.SIGTERM, before)
      (self._folder / 'state.json').write_text(json.dumps(self._states, indent=2) + '\n')
    self._report(f'run {"succeeded" if succeeded else "failed"}: {self._folder}')
    return succeeded

  def _run_dag(self, dag: Mapping[str, Any]) -> bool:
    tasks = dag['tasks']
    succeeded = True
    for name in compiled_file.ordered(tasks):
      task = tasks[name]
      always = task.get('triggerPolicy', {}).get('strategy') == 'ALL_UPSTREAM_TASKS_COMPLETED'
      if not succeeded and not always:
        self._note(name, OMITTED)
        continue
      component = self._spec['components'][task['componentRef']['name']]
      if 'dag' in component:
        done = self._run_dag(component['dag'])
        self._states[name] = {'state': SUCCEEDED if done else FAILED}
      else:
        done = self._run_task(name, task, component)
      succeeded = succeeded and done
    return succeeded

  def _run_task(self, name: str, task: Mapping[str, Any], component: Mapping[str, Any]) -> bool:
    started = time.monotonic()
    try:
      pending = self._drive(name, task, component)
    except ClusterError as failure:  # the driver's own failures are not tried again
      self._note(name, FAILED, 1, time.monotonic() - started, f'{failure}')
      return False
    if pending is None:
      return True
    policy = task.get('retryPolicy', {})
    attempts = 1 + int(policy.get('maxRetryCount', 0))
    for attempt in range(1, attempts + 1):
      started = time.monotonic()
      try:
        self._run_pod(pending, attempt)
      except ClusterError as failure:
        again = f', trying again at once ({_backoff(policy, attempt)} on a cluster)' if attempt < attempts else ''
        self._note(name, FAILED, attempt, time.monotonic() - started, f'{failure}{again}')
        continue
      except KeyboardInterrupt:
        self._note(name, CANCELED, attempt, time.monotonic() - started)
        raise
      self._note(name, SUCCEEDED, attempt, time.monotonic() - started)
      return True
    return False

  def _drive(self, name: str, task: Mapping[str, Any], component: Mapping[str, Any]) -> Pending | None:
    """What the driver does: resolves the inputs, once for all attempts. None if nothing is left to be run."""
    executor = self._spec['deploymentSpec']['executors'][component['executorLabel']]
    if 'resolver' in executor:
      raise ClusterError('resolver tasks are rejected by the driver of open-source KFP, and need MLMD elsewhere')
    inputs = task.get('inputs', {})
    parameters = {key: self._value(spec) for key, spec in inputs.get('parameters', {}).items()}
    if 'importer' in executor:
      self._import(name, executor['importer'], component, parameters)
      self._note(name, SUCCEEDED, 1)
      return None
    artifacts = {key: self._artifact(name, spec) for key, spec in inputs.get('artifacts', {}).items()}
    sent = driver.executor_input(self._cluster, self._pod, name, component, parameters, artifacts)
    files.write_text(str(self._folder / name / 'executor_input.json'), json.dumps(sent, indent=2) + '\n')
    key = ''
    if cache.is_cacheable(task):
      volumes = self._volumes.get(component['executorLabel'], [])
      key = cache.fingerprint(self._name, executor['container'], sent, volumes)
    found = cache.find(self._folder.parent, key) if key and self._use_cache else None
    if found:
      self._publish(name, found)
      self._note(name, SUCCEEDED, 1, 0.0, f'cached, from {found.run}')
      return None
    return Pending(name, component, executor['container'], sent, key, retried='retryPolicy' in task)

  def _run_pod(self, task: Pending, attempt: int) -> None:
    kept = self._folder / task.name / f'attempt-{attempt}'
    sent = self._cluster.of_attempt(task.sent, attempt)
    for folder in (kept.parent, self._pod):
      folder.mkdir(exist_ok=True)
    try:
      self._cluster.stage_in(self._pod, sent)
      try:
        self._execute(task, sent, kept, self._cluster.environment(self._pod, attempt, task.retried))
      finally:
        self._cluster.keep_log(sent, kept.with_suffix('.log'))
      artifacts, values = pod.published(sent, task.component)
      for key, artifact in artifacts.items():
        self._cluster.upload(self._pod, key, artifact)
    except BaseException:
      self._pod.rename(kept)
      raise
    shutil.rmtree(self._pod)
    numbered = {key: {**artifact, 'name': str(next(self._ids))} for key, artifact in artifacts.items()}
    outputs = cache.Outputs(self._folder.name, numbered, values)
    if task.fingerprint:
      cache.keep(self._folder / task.name, task.fingerprint, outputs)
    self._publish(task.name, outputs)

  def _publish(self, name: str, outputs: cache.Outputs) -> None:
    for key, artifact in outputs.artifacts.items():
      self._artifacts[name, key] = {
        **self._cluster.recorded(key, artifact),
        'name': artifact.get('name') or str(next(self._ids)),
      }
    self._values.update({(name, key): value for key, value in outputs.values.items()})

  def _execute(self, task: Pending, sent: Mapping[str, Any], kept: pathlib.Path, variables: Mapping[str, str]) -> None:
    container = task.container
    if not container.get('command'):
      raise ClusterError(f'runs the entrypoint of image {container["image"]}, which is not known here')
    hook = container.get('lifecycle', {}).get('preCacheCheck')
    steps = [(container, kept.with_suffix('.log'))]
    if hook and not isinstance(self._cluster, clusters.OpenSource):
      # Vertex AI runs it before the container; open-source KFP does not know it.
      steps.insert(0, (hook, kept.with_suffix('.driver.log')))
    for step, log in steps:
      status = pod.run_container(step, sent, self._pod, log, variables, self._cluster.grace_seconds)
      if status != 0:
        self._show_end_of(log)
        raise ClusterError(f'{self._cluster.pod_status(status)}, log: {log}')

  def _import(
    self, name: str, importer: Mapping[str, Any], component: Mapping[str, Any], parameters: Mapping[str, Any]
  ) -> None:
    uri = importer['artifactUri']
    value = uri['constant'] if 'constant' in uri else parameters[uri['runtimeParameter']]
    for key, definition in component['outputDefinitions']['artifacts'].items():
      artifact = {'uri': value, 'type': definition['artifactType'], 'metadata': dict(importer.get('metadata', {}))}
      self._artifacts[name, key] = {**artifact, 'name': str(next(self._ids))}

  def _artifact(self, task: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    source = spec['taskOutputArtifact']
    key = (source['producerTask'], source['outputArtifactKey'])
    if key not in self._artifacts:
      raise ClusterError(f'cannot find output "{key[1]}" of task "{key[0]}"')
    return self._artifacts[key]

  def _value(self, spec: Mapping[str, Any]) -> Any:
    if 'componentInputParameter' in spec:
      return self._parameters[spec['componentInputParameter']]
    if 'taskOutputParameter' in spec:
      source = spec['taskOutputParameter']
      return self._values[source['producerTask'], source['outputParameterKey']]
    if 'taskFinalStatus' in spec:
      state = self._states[spec['taskFinalStatus']['producerTask']]['state']
      return {'state': state, 'error': {} if state == SUCCEEDED else {'code': 9, 'message': 'a task has failed'}}
    return spec['runtimeValue']['constant']

  def _note(self, name: str, state: str, attempt: int = 0, seconds: float = 0.0, message: str = '') -> None:
    self._states[name] = {'state': state, 'attempts': attempt, 'seconds': round(seconds, 2), 'message': message}
    line = f'{name:<24} {state:<10}' + (f' {seconds:7.1f} s' if attempt else '')
    self._report(f'{line}  {message}'.rstrip())

  def _show_end_of(self, log: pathlib.Path) -> None:
    for line in log.read_text(errors='replace').splitlines()[-_LINES_SHOWN:]:
      self._report(f'  | {line}')


def _backoff(policy: Mapping[str, Any], attempt: int) -> str:
  """How long Kubeflow waits after so many failed attempts; durations in JSON are seconds with an s at the end."""
  first = float(str(policy.get('backoffDuration', '0s')).rstrip('s'))
  seconds = first * float(policy.get('backoffFactor', 2.0)) ** (attempt - 1)
  longest = float(str(policy.get('backoffMaxDuration', '3600s')).rstrip('s'))
  return f'after {min(seconds, longest):.0f} s'


def _interrupt(number: int, frame: Any) -> None:
  raise KeyboardInterrupt
