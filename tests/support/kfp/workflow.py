"""What Argo does with a compiled file on a KFP cluster: the driver once, then for each task the driver and a pod.

The order, the files that the driver writes and what is made of them are those of KFP 2.17.0's Argo compiler.
"""

import base64
import dataclasses
import json
import pathlib
import re
import subprocess
import uuid
from collections.abc import Callable
from typing import Any

from kubeflow.compiler import compiled_file
from tests.support.kfp import arguments
from tests.support.kfp.cluster import BUCKET, Cluster

SUCCEEDED, FAILED, OMITTED, SKIPPED, CACHED = 'SUCCEEDED', 'FAILED', 'OMITTED', 'SKIPPED', 'CACHED'
_TIMEOUT = 1800


@dataclasses.dataclass
class TaskRun:
  """What became of a task.

  Attributes:
    state: see above; SKIPPED if its condition was false.
    patch: the pod spec patch of the driver, {} if there was none.
    statuses: how the program of each pod has ended.
    logs: what each program printed, driver first.
  """

  state: str = OMITTED
  patch: dict[str, Any] = dataclasses.field(default_factory=dict)
  statuses: list[int] = dataclasses.field(default_factory=list)
  logs: list[pathlib.Path] = dataclasses.field(default_factory=list)

  @property
  def container(self) -> dict[str, Any]:
    (container,) = self.patch['containers']
    return container

  @property
  def executor_input(self) -> dict[str, Any]:
    """What the driver made for the launcher."""
    command = self.container['command']
    return json.loads(command[command.index('--executor_input') + 1])


@dataclasses.dataclass
class Workflow:
  """One run of a compiled file.

  Attributes:
    cache: whether KFP's cache is on.
    during: called with (task name, attempt, process) once a pod's program has started.
  """

  cluster: Cluster
  compiled: compiled_file.CompiledFile
  folder: pathlib.Path
  parameters: list[str]
  cache: bool = False
  during: Callable[[str, int, subprocess.Popen], None] = lambda *_: None
  tasks: dict[str, TaskRun] = dataclasses.field(default_factory=dict)

  def __post_init__(self) -> None:
    self.folder.mkdir(parents=True, exist_ok=True)
    self.names = arguments.RunNames(
      self.compiled.name, str(uuid.uuid4()), f'{self.compiled.name}-{uuid.uuid4().hex[:5]}'
    )
    self._executors = self.compiled.spec['deploymentSpec']['executors']
    platform = self.compiled.platforms.get('platforms', {}).get('kubernetes', {})
    self._kubernetes = platform.get('deploymentSpec', {}).get('executors', {})

  @property
  def states(self) -> dict[str, str]:
    return {name: task.state for name, task in self.tasks.items()}

  def run(self) -> bool:
    """Runs all tasks; after a failure nothing new is started. Returns whether none has failed."""
    dag = self._drive_root()
    tasks = self.compiled.spec['root']['dag']['tasks']
    failed = False
    for name in compiled_file.ordered(tasks):
      self.tasks[name] = TaskRun()
      if not failed:
        self._run_task(name, tasks[name], dag)
      failed = failed or self.tasks[name].state == FAILED
    return not failed

  def _drive_root(self) -> str:
    values = compiled_file.run_parameters(self.compiled.spec, self.parameters)
    config = {'parameterValues': values, 'gcsOutputDirectory': f'minio://{BUCKET}/v2/artifacts'}
    pod = self.cluster.new_pod(launcher=False)
    outputs = pod / 'run/outputs'
    words = arguments.root_dag(
      self.names, self.cluster.addresses, self.compiled.spec['root'], config, '/run/outputs', self.cache
    )
    log = self.folder / 'root.driver.log'
    if self.cluster.run('driver', pod, [self.cluster.driver, *words], {}, log).wait(_TIMEOUT) != 0:
      raise AssertionError(f'the driver of the run failed:\n{log.read_text()[-3000:]}')
    return (outputs / 'execution-id').read_text()

  def _run_task(self, name: str, task: dict[str, Any], dag: str) -> None:
    run = self.tasks[name]
    component = self.compiled.spec['components'][task['componentRef']['name']]
    label = component['executorLabel']
    executor = self._executors[label]['container'], self._kubernetes.get(label, {})
    pod = self.cluster.new_pod(launcher=False)
    words = arguments.container(
      self.names, self.cluster.addresses, (name, task), component, executor, dag, '/run/outputs', self.cache
    )
    run.logs.append(self.folder / f'{name}.driver.log')
    if self.cluster.run('driver', pod, [self.cluster.driver, *words], {}, run.logs[-1]).wait(_TIMEOUT) != 0:
      run.state = FAILED
      return
    said = decision(pod / 'run/outputs')
    if said.condition is False:
      run.state = SKIPPED
    elif said.cached:
      run.state = CACHED
    else:
      run.patch = said.patch
      run.state = self._run_pods(name, task)

  def _run_pods(self, name: str, task: dict[str, Any]) -> str:
    run = self.tasks[name]
    policy = task.get('retryPolicy')
    for attempt in range(1 + int((policy or {}).get('maxRetryCount', 0))):
      run.logs.append(self.folder / f'{name}.{attempt}.log')
      pod = self.cluster.new_pod(launcher=True)
      node = f'{self.names.name}.{name}.executor({attempt})'
      annotations = {'workflows.argoproj.io/node-name': node}
      self.cluster.kubernetes.put('pods', pod.name, metadata={'annotations': annotations})
      variables = {**self._variables(run.container, pod), **({'KFP_RETRY_INDEX': str(attempt)} if policy else {})}
      words = [expanded(word, variables) for word in [*run.container['command'], *run.container.get('args', [])]]
      process = self.cluster.run('launcher', pod, words, variables, run.logs[-1])
      self.during(name, attempt, process)
      run.statuses.append(process.wait(_TIMEOUT))
      if run.statuses[-1] == 0:
        return SUCCEEDED
    return FAILED

  def _variables(self, container: dict[str, Any], pod: pathlib.Path) -> dict[str, str]:
    """The container's variables as the kubelet sets them, and those of KFP's template."""
    found = {
      'KFP_POD_NAME': pod.name,
      'KFP_POD_UID': f'uid-of-{pod.name}',
      'METADATA_GRPC_SERVICE_HOST': '127.0.0.1',
      'METADATA_GRPC_SERVICE_PORT': str(self.cluster.addresses.metadata),
    }
    for variable in container.get('env', []):
      reference = variable.get('valueFrom', {}).get('secretKeyRef')
      if reference:
        secret = self.cluster.kubernetes.objects['secrets', reference['name']]
        found[variable['name']] = base64.b64decode(secret['data'][reference['key']]).decode()
      else:
        found[variable['name']] = variable.get('value', '')
    return found


@dataclasses.dataclass(frozen=True)
class Decision:
  """What the driver of a task has written: {} for no patch, None for no condition."""

  cached: bool
  condition: bool | None
  patch: dict[str, Any]


def decision(outputs: pathlib.Path) -> Decision:
  """Reads the driver's files. Where one is missing, Argo takes its default.

  Raises:
    AssertionError: if a file holds what the driver never writes, or a task is to run without a pod.
  """
  truth = {'true': True, 'false': False}

  def read(name: str, default: str) -> str:
    return (outputs / name).read_text() if (outputs / name).exists() else default

  cached, condition = read('cached-decision', 'false'), read('condition', 'true')
  assert cached in truth, f'cached-decision: {cached!r}'
  assert condition in {**truth, 'nil': None}, f'condition: {condition!r}'
  found = Decision(truth[cached], truth.get(condition), json.loads(read('pod-spec-patch', '{}') or '{}'))
  runs = not found.cached and found.condition is not False
  assert bool(found.patch) == runs, f'pod-spec-patch: expected {"one" if runs else "none"}, received {found.patch}'
  return found


def expanded(word: str, variables: dict[str, str]) -> str:
  """A word of a command with Kubernetes' $(NAME) filled in; one that is not known stays, $$ is an escaped $."""
  return re.sub(r'\$\$|\$\((\w+)\)', lambda found: '$' if found[0] == '$$' else variables.get(found[1], found[0]), word)
