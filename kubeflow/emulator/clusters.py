"""The kinds of cluster that are emulated: how each sends artifacts to a container, and takes what it made.

* Plain: artifacts are folders that the container reaches by their URI, and come with their types, as on Vertex AI.
* OpenSource: what driver and launcher of open-source KFP do, read in the source of release 2.17.0. Artifacts live in an
  object store (here a folder) under minio://, s3:// or gs:// URIs; the launcher copies inputs into the pod and outputs
  out of it; inputs come back from the metadata store (MLMD), without a type and with their numbers as floats; there is
  one more output, `executor-logs`; only the folders above the outputs are made.
* WithoutMlmd: the same after the release that drops MLMD, read in KFP's branch `mlmd-removal` of July 2026. Inputs come
  with the text of the whole instance schema as their schemaTitle, and an output that was not made is an error.
"""

import copy
import json
import os
import pathlib
import shutil
import uuid
from collections.abc import Mapping
from typing import Any

from kubeflow.runtime.entrypoint import MOUNT_ROOT, MOUNTS

LOGS = 'executor-logs'
# What the launcher keeps with each artifact so that its bucket can be opened again, for the bucket that KFP brings.
_KFP_STORE = {
  'region': 'minio',
  'endpoint': 'seaweedfs.kubeflow:9000',
  'disableSSL': 'true',
  'fromEnv': 'false',
  'maxRetries': '5',
  'secretName': 'mlpipeline-minio-artifact',
  'accessKeyKey': 'accesskey',
  'secretKeyKey': 'secretkey',
}


class ClusterError(Exception):
  """What the cluster refuses once a step has run; the message is what KFP's run page would show for it."""


class Plain:
  """Artifacts are local folders below `root`."""

  # How long a container may take to end after SIGTERM before it is killed; Kubernetes' default.
  grace_seconds = 30.0

  def __init__(self, root: pathlib.Path) -> None:
    self._root = root

  def output_uri(self, task: str, key: str) -> str:
    return str(self._root / task / key)

  def output_file(self, pod: pathlib.Path, task: str) -> pathlib.Path:
    """Where the executor says what it made."""
    return pod / 'tmp/kfp_outputs/output_metadata.json'

  def recorded(self, key: str, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """The output `key` of a finished task, as the cluster keeps it."""
    return dict(artifact)

  def sent(self, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """An upstream output as the container sees it."""
    return copy.deepcopy(dict(artifact))

  def outputs(self, task: str, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """{output key: artifacts} of a component's output definitions."""
    return {key: {'artifacts': [self._output(task, key, kind)]} for key, kind in definitions.items()}

  def _output(self, task: str, key: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    artifact = {'uri': self.output_uri(task, key), 'type': definition['artifactType']}
    return {**artifact, 'metadata': definition['metadata']} if 'metadata' in definition else artifact

  def of_attempt(self, sent: Mapping[str, Any], attempt: int) -> Mapping[str, Any]:
    """The ExecutorInput of an attempt, counted from 1."""
    return sent

  def environment(self, pod: pathlib.Path, attempt: int, retried: bool) -> dict[str, str]:
    """Variables that the container finds; `retried` if the task has a retry policy."""
    return {}

  def stage_in(self, pod: pathlib.Path, executor_input: Mapping[str, Any]) -> None:
    """Makes the folders of outputs: on an object store nobody needs to, so some executors do not."""
    for artifact in artifacts_of(executor_input['outputs']):
      os.makedirs(os.path.dirname(artifact['uri']), exist_ok=True)

  def upload(self, pod: pathlib.Path, key: str, artifact: Mapping[str, Any]) -> None:
    """Nothing: outputs are where they belong."""

  def keep_log(self, sent: Mapping[str, Any], log: pathlib.Path) -> None:
    """Nothing: the log stays on the node."""

  def pod_status(self, status: int) -> str:
    """What Kubernetes reports for a container whose command has ended with `status`."""
    return f'exit status {status}'


class OpenSource(Plain):
  """Artifacts live in `store`, a folder that stands for the object store, below `pipeline_root`."""

  # SIGTERM goes to the launcher too, which ends at once; Argo's executor, process 1, looks each second whether it has,
  # and ends the container then. So the step has a second, not the pod's 30.
  grace_seconds = 1.0

  def __init__(self, store: pathlib.Path, pipeline_root: str) -> None:
    self._store = store
    self._pipeline_root = pipeline_root.rstrip('/')
    self._salt: dict[str, str] = {}

  def _task_root(self, task: str) -> str:
    return f'{self._pipeline_root}/{task}/{self._salt.setdefault(task, str(uuid.uuid4()))}'

  def output_uri(self, task: str, key: str) -> str:
    return f'{self._task_root(task)}/{key}'

  def output_file(self, pod: pathlib.Path, task: str) -> pathlib.Path:
    """Beside the outputs' local copies since release 2.15, so that the SDK finds the task's root from it."""
    return mounted(pod, self._task_root(task)) / 'output_metadata.json'

  def recorded(self, key: str, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """The launcher gives it the output's name, wherever the executor has put it. An importer's gets none."""
    return {**artifact, 'metadata': {'display_name': key, **artifact.get('metadata', {})}}

  def sent(self, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """The artifact as the driver reads it back from MLMD: without its type, and with how its store is opened."""
    uri = artifact['uri']
    metadata = {key: _through_mlmd(key, value) for key, value in artifact.get('metadata', {}).items()}
    return {
      'name': artifact['name'],
      'uri': uri,
      'type': {'instanceSchema': ''},
      'metadata': {'store_session_info': _store_session_info(uri), **metadata},
    }

  def outputs(self, task: str, definitions: Mapping[str, Any]) -> dict[str, Any]:
    logs = {'artifactType': {'schemaTitle': 'system.Artifact'}}
    return super().outputs(task, {**definitions, LOGS: logs})

  def _output(self, task: str, key: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    return {'name': key, **super()._output(task, key, definition)}

  def of_attempt(self, sent: Mapping[str, Any], attempt: int) -> Mapping[str, Any]:
    """The driver runs once; the launcher of each attempt gives the log a name of its own."""
    qualified = copy.deepcopy(dict(sent))
    (logs,) = qualified['outputs']['artifacts'][LOGS]['artifacts']
    logs['uri'] += f'-{attempt - 1}'
    return qualified

  def environment(self, pod: pathlib.Path, attempt: int, retried: bool) -> dict[str, str]:
    variables = {
      MOUNT_ROOT: str(pod),
      'KFP_POD_NAME': 'emulated-pod',
      'KFP_POD_UID': str(uuid.uuid4()),
      'METADATA_GRPC_SERVICE_HOST': 'metadata-grpc-service',
      'METADATA_GRPC_SERVICE_PORT': '8080',
    }
    return {**variables, 'KFP_RETRY_INDEX': str(attempt - 1)} if retried else variables

  def stage_in(self, pod: pathlib.Path, executor_input: Mapping[str, Any]) -> None:
    """Downloads inputs into the pod, and makes the folders above the outputs."""
    for artifact in artifacts_of(executor_input['inputs']):
      source = in_store(self._store, artifact['uri'])
      if source is not None and source.exists():
        _copy(source, mounted(pod, artifact['uri']))
    for artifact in artifacts_of(executor_input['outputs']):
      mounted(pod, artifact['uri']).parent.mkdir(parents=True, exist_ok=True)

  def upload(self, pod: pathlib.Path, key: str, artifact: Mapping[str, Any]) -> None:
    """Copies one output into the store. One that is not there is no error."""
    made, target = mounted(pod, artifact['uri']), in_store(self._store, artifact['uri'])
    if target is not None and made.exists():
      _copy(made, target)

  def keep_log(self, sent: Mapping[str, Any], log: pathlib.Path) -> None:
    """Copies an attempt's log into the store, also when the step has failed."""
    (logs,) = sent['outputs']['artifacts'][LOGS]['artifacts']
    target = in_store(self._store, logs['uri'])
    if target is not None and log.exists():
      _copy(log, target)

  def pod_status(self, status: int) -> str:
    return f"exit status {status} (the pod's is 1, the launcher's)"


class WithoutMlmd(OpenSource):
  """OpenSource after MLMD."""

  def recorded(self, key: str, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """With the output's name beside its properties, not among them."""
    return {**artifact, 'output': key}

  def sent(self, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """The artifact as KFP's own database gives it back."""
    uri = artifact['uri']
    title = next(iter(artifact['type'].values()))
    name = artifact.get('output', uri.rsplit('/', 1)[-1])
    found = {'name': name, 'artifactId': artifact['name'], 'uri': uri, 'type': {'schemaTitle': title}}
    return {**found, 'metadata': dict(artifact['metadata'])} if artifact.get('metadata') else found

  def upload(self, pod: pathlib.Path, key: str, artifact: Mapping[str, Any]) -> None:
    if key != LOGS and not mounted(pod, artifact['uri']).exists():
      raise ClusterError(f'declared output artifact "{key}" is missing')
    super().upload(pod, key, artifact)


def artifacts_of(side: Mapping[str, Any]) -> list[dict[str, Any]]:
  """All artifacts of an ExecutorInput's inputs or outputs."""
  return [artifact for held in side.get('artifacts', {}).values() for artifact in held['artifacts']]


def in_store(store: pathlib.Path, uri: str) -> pathlib.Path | None:
  """Where the object of `uri` is in the folder that stands for the object store; None if it is no such URI."""
  return store / uri.replace('://', '/', 1) if scheme_of(uri) else None


def mounted(pod: pathlib.Path, uri: str) -> pathlib.Path:
  """Where the launcher keeps its copy of `uri` in the pod."""
  scheme = scheme_of(uri)
  if scheme is None:
    return pod / 'unsupported' / uri.replace('/', '_')
  return pod / (MOUNTS[scheme].lstrip('/') + uri[len(scheme) :])


def scheme_of(uri: str) -> str | None:
  """The scheme of a URI that the launcher copies, with its `://`; None for any other."""
  return next((scheme for scheme in MOUNTS if uri.startswith(scheme)), None)


def _through_mlmd(key: str, value: Any) -> Any:
  """A property as it comes back: MLMD has no booleans, the launcher writes all numbers as doubles."""
  if isinstance(value, bool | int | float):
    return float(value)
  if isinstance(value, list):
    return {'list': value}
  if isinstance(value, dict):
    return {'struct': value}
  if value is None:
    raise ClusterError(f'the launcher cannot keep the property "{key}": unknown value type null')
  return value


def _store_session_info(uri: str) -> str:
  scheme = (scheme_of(uri) or '').removesuffix('://')
  params = _KFP_STORE if scheme == 'minio' else {'fromEnv': 'true'}
  return json.dumps({'Provider': scheme, 'Params': params}, separators=(',', ':'))


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
  """Copies a file, or the files of a folder: in an object store, a folder without files is nothing."""
  files = [source] if source.is_file() else [path for path in sorted(source.rglob('*')) if path.is_file()]
  for file in files:
    copied = target / file.relative_to(source)
    copied.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, copied)
