"""Runs a compiled KFP v2 file without a cluster: task by task, each container's exact command in a local process.

Files below the given root:

    run-1/<Task>/attempt-1.log      what the container printed
    run-1/<Task>/attempt-1/         a failed attempt's pod file system
    run-1/<Task>/outputs.json       what a task gave, for later runs to take from the cache
    run-1/artifacts/                outputs, plain mode
    run-1/state.json                what became of each task
    store/minio/<bucket>/...        outputs, --oss: a folder that stands for the object store
    emulated-pod/                   the pod file system of the task under way; its path is the same for all tasks of all
                                    runs, as on a cluster, since one may write paths into files that another one reads
    lock                            held while a run is under way
"""

import contextlib
import dataclasses
import fcntl
import itertools
import json
import pathlib
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from detection.base.errors import ConfigError
from kubeflow.compiler import compiled_file
from kubeflow.emulator import cache, pod
from kubeflow.settings import ROOT_SCHEMES

SUCCEEDED, FAILED, OMITTED, CANCELED = 'SUCCEEDED', 'FAILED', 'OMITTED', 'CANCELED'
_DEFAULT_ROOT = 'minio://mlpipeline/v2/artifacts'
_LINES_SHOWN = 15
_POD = 'emulated-pod'


class TaskError(Exception):
  """A task ended with an error; the message is what KFP's run page would show for it."""


@dataclasses.dataclass(frozen=True)
class Options:
  """How a file is emulated.

  Attributes:
    open_source: send and do exactly what open-source KFP's driver and launcher do; else what Vertex AI does.
    pipeline_root: with open_source, URI below which artifacts are kept; by default what the file says.
    use_cache: take outputs of earlier runs below the same root where KFP would, see cache.py.
  """

  open_source: bool = False
  pipeline_root: str | None = None
  use_cache: bool = True


def emulate(
  path: str,
  root: str,
  parameters: Sequence[str] = (),
  options: Options | None = None,
  report: Callable[[str], None] = print,
) -> bool:
  """Runs the file at `path`; returns whether every task has succeeded.

  Args:
    path: a compiled schema 2.1.0 file, this project's or any of TFX's.
    root: the folder for artifacts, logs and state; a new run-N is made in it.
    parameters: NAME=VALUE for the run's parameters.
    options: by default Options().
    report: called with each line for the user.

  Raises:
    ConfigError: if the file, a parameter or the pipeline root cannot be used, or another run is under way in `root`.
  """
  options = options or Options()
  compiled = compiled_file.read(path)
  _refuse_conditions(compiled.spec, path)
  values = compiled_file.run_parameters(compiled.spec, parameters)
  uri = options.pipeline_root or compiled.spec.get('defaultPipelineRoot') or _DEFAULT_ROOT
  if options.open_source and not uri.startswith(ROOT_SCHEMES):
    raise ConfigError(f'--pipeline-root: the driver takes {", ".join(ROOT_SCHEMES)} only; received "{uri}".')
  with _new_run(pathlib.Path(root).absolute()) as folder:
    cluster: pod.Cluster = pod.Plain(folder / 'artifacts')
    if options.open_source:
      cluster = pod.OpenSource(folder.parent / 'store', f'{uri}/{compiled.name}/{folder.name}')
    return Run(compiled, folder, cluster, values, options.use_cache, report).run()


def _refuse_conditions(spec: Mapping[str, Any], path: str) -> None:
  dags = [spec['root'], *spec['components'].values()]
  for tasks in (dag['dag']['tasks'] for dag in dags if 'dag' in dag):
    for name, task in tasks.items():
      if task.get('triggerPolicy', {}).get('condition'):
        raise ConfigError(f'{path}: task "{name}" has a condition, which is not emulated. Run the file on a cluster.')


@contextlib.contextmanager
def _new_run(root: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields the folder of a new run, and keeps others out of `root` meanwhile: all runs there have one pod."""
  try:
    root.mkdir(parents=True, exist_ok=True)
    lock = (root / 'lock').open('w')
  except OSError as error:
    raise ConfigError(f'--root {root}: cannot be written: {error.strerror}.') from error
  with lock:
    try:
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise ConfigError(f'--root {root}: another run is under way there. Give this one a folder of its own.') from error
    if (root / _POD).exists():  # left by a run that was killed
      shutil.rmtree(root / _POD)
    folder = next(run for run in (root / f'run-{number}' for number in itertools.count(1)) if not run.exists())
    folder.mkdir()
    yield folder


class Run:
  """One run of a compiled pipeline."""

  def __init__(
    self,
    compiled: compiled_file.CompiledFile,
    folder: pathlib.Path,
    cluster: pod.Cluster,
    parameters: Mapping[str, Any],
    use_cache: bool,
    report: Callable[[str], None],
  ) -> None:
    self._name = compiled.name
    self._spec = compiled.spec
    self._folder = folder
    self._pod = folder.parent / _POD
    self._cluster = cluster
    self._parameters = parameters
    self._use_cache = use_cache
    self._report = report
    self._artifacts: dict[tuple[str, str], dict[str, Any]] = {}
    self._values: dict[tuple[str, str], Any] = {}
    self._states: dict[str, dict[str, Any]] = {}
    self._ids = itertools.count(1)

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
    policy = task.get('retryPolicy', {})
    attempts = 1 + int(policy.get('maxRetryCount', 0))
    for attempt in range(1, attempts + 1):
      started = time.monotonic()
      try:
        message = self._attempt(name, task, component, attempt)
      except TaskError as failure:
        again = f', trying again at once ({_backoff(policy, attempt)} on a cluster)' if attempt < attempts else ''
        self._note(name, FAILED, attempt, time.monotonic() - started, f'{failure}{again}')
        continue
      except KeyboardInterrupt:
        self._note(name, CANCELED, attempt, time.monotonic() - started)
        raise
      self._note(name, SUCCEEDED, attempt, time.monotonic() - started, message)
      return True
    return False

  def _attempt(self, name: str, task: Mapping[str, Any], component: Mapping[str, Any], attempt: int) -> str:
    """Runs a task once, unless the cache has its outputs; returns a note for the user, or ''."""
    executor = self._spec['deploymentSpec']['executors'][component['executorLabel']]
    if 'resolver' in executor:
      raise TaskError('resolver tasks are rejected by the driver of open-source KFP, and need MLMD elsewhere')
    inputs = task.get('inputs', {})
    parameters = {key: self._value(spec) for key, spec in inputs.get('parameters', {}).items()}
    if 'importer' in executor:
      self._import(name, executor['importer'], component, parameters)
      return ''
    artifacts = {key: self._artifact(name, spec) for key, spec in inputs.get('artifacts', {}).items()}
    sent = pod.executor_input(self._cluster, self._pod, name, component, parameters, artifacts)
    key = cache.fingerprint(self._name, executor['container'], sent) if cache.is_cacheable(task) else ''
    found = cache.find(self._folder.parent, key) if key and self._use_cache else None
    outputs = found or self._run_pod(name, executor['container'], sent, attempt)
    if key and not found:
      cache.keep(self._folder / name, key, outputs)
    self._publish(name, outputs)
    return f'cached, from {found.run}' if found else ''

  def _run_pod(self, name: str, container: Mapping[str, Any], sent: Mapping[str, Any], attempt: int) -> cache.Outputs:
    kept = self._folder / name / f'attempt-{attempt}'
    for folder in (kept.parent, self._pod):
      folder.mkdir(exist_ok=True)
    try:
      self._cluster.stage_in(self._pod, sent)
      self._execute(container, sent, kept)
      artifacts, values = pod.published(sent)
      for artifact in artifacts.values():
        for made, target in self._cluster.uploads(self._pod, artifact):
          pod.copy_in_place(made, target)
    except BaseException:
      self._pod.rename(kept)
      raise
    shutil.rmtree(self._pod)
    return cache.Outputs(self._folder.name, artifacts, values)

  def _publish(self, name: str, outputs: cache.Outputs) -> None:
    for key, artifact in outputs.artifacts.items():
      self._artifacts[name, key] = {**artifact, 'name': str(next(self._ids))}
    self._values.update({(name, key): value for key, value in outputs.values.items()})

  def _execute(self, container: Mapping[str, Any], sent: Mapping[str, Any], kept: pathlib.Path) -> None:
    if not container.get('command'):
      raise TaskError(f'runs the entrypoint of image {container["image"]}, which is not known here')
    variables = self._cluster.environment(self._pod)
    hook = container.get('lifecycle', {}).get('preCacheCheck')
    steps = [(container, kept.with_suffix('.log'))]
    if hook and isinstance(self._cluster, pod.Plain):
      # Vertex AI runs it before the container; open-source KFP does not know it.
      steps.insert(0, (hook, kept.with_suffix('.driver.log')))
    for step, log in steps:
      status = pod.run_container(step, sent, self._pod, log, variables)
      if status != 0:
        self._show_end_of(log)
        raise TaskError(f'exit status {status}, log: {log}')

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
      raise TaskError(f'cannot find output "{key[1]}" of task "{key[0]}"')
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
