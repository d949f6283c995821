"""One attempt at one task, as KFP runs it: the ExecutorInput, the command, the process, the outputs.

Two kinds of cluster, which treat a container differently:

* Plain: artifacts are folders that the container reaches by their URI, and come with their types, as on Vertex AI.
* OpenSource: what the driver and launcher of open-source KFP do. Artifacts live in an object store (here a folder)
  under minio://, s3:// or gs:// URIs; the launcher copies inputs into the pod and outputs out of it; input artifacts
  come without a type; there is one more output, `executor-logs`; only the folders above the outputs are made.
"""

import copy
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from typing import Any

from kubeflow.runtime.entrypoint import MOUNT_ROOT, MOUNTS

# How long a container may take to end after SIGTERM before it is killed; Kubernetes' default.
GRACE_SECONDS = 30.0


class Plain:
  """Artifacts are local folders below `root`."""

  def __init__(self, root: pathlib.Path) -> None:
    self._root = root

  def output_uri(self, task: str, key: str) -> str:
    return str(self._root / task / key)

  def sent(self, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """An upstream output as the container sees it."""
    return copy.deepcopy(dict(artifact))

  def extra_outputs(self, task: str) -> dict[str, Any]:
    return {}

  def environment(self, pod: pathlib.Path) -> dict[str, str]:
    return {}

  def stage_in(self, pod: pathlib.Path, executor_input: Mapping[str, Any]) -> None:
    """Makes the folders of outputs: on an object store nobody needs to, so some executors do not."""
    for artifact in artifacts_of(executor_input['outputs']):
      os.makedirs(os.path.dirname(artifact['uri']), exist_ok=True)

  def uploads(self, pod: pathlib.Path, artifact: Mapping[str, Any]) -> list[tuple[pathlib.Path, pathlib.Path]]:
    """None: outputs are where they belong."""
    return []


class OpenSource:
  """Artifacts live in `store`, a folder that stands for the object store, below `pipeline_root`."""

  def __init__(self, store: pathlib.Path, pipeline_root: str) -> None:
    self._store = store
    self._pipeline_root = pipeline_root.rstrip('/')
    self._salt: dict[str, str] = {}

  def output_uri(self, task: str, key: str) -> str:
    salt = self._salt.setdefault(task, str(uuid.uuid4()))
    return f'{self._pipeline_root}/{task}/{salt}/{key}'

  def sent(self, artifact: Mapping[str, Any]) -> dict[str, Any]:
    """The artifact as the driver reads it back from MLMD: without its type, and with two more properties."""
    key = artifact['uri'].rsplit('/', 1)[-1]
    metadata = {**artifact.get('metadata', {}), 'display_name': key, 'store_session_info': 'null'}
    return {'name': artifact['name'], 'uri': artifact['uri'], 'type': {'instanceSchema': ''}, 'metadata': metadata}

  def extra_outputs(self, task: str) -> dict[str, Any]:
    logs = {'uri': self.output_uri(task, 'executor-logs'), 'type': {'schemaTitle': 'system.Artifact'}}
    return {'executor-logs': {'artifacts': [logs]}}

  def environment(self, pod: pathlib.Path) -> dict[str, str]:
    return {MOUNT_ROOT: str(pod)}

  def stage_in(self, pod: pathlib.Path, executor_input: Mapping[str, Any]) -> None:
    """Downloads inputs into the pod, and makes the folders above the outputs."""
    for artifact in artifacts_of(executor_input['inputs']):
      source = in_store(self._store, artifact['uri'])
      if source is not None and source.exists():
        copy_in_place(source, mounted(pod, artifact['uri']))
    for artifact in artifacts_of(executor_input['outputs']):
      mounted(pod, artifact['uri']).parent.mkdir(parents=True, exist_ok=True)

  def uploads(self, pod: pathlib.Path, artifact: Mapping[str, Any]) -> list[tuple[pathlib.Path, pathlib.Path]]:
    """[(made in the pod, kept in the store)]. As in the launcher, an output that is not there is no error."""
    made, target = mounted(pod, artifact['uri']), in_store(self._store, artifact['uri'])
    return [(made, target)] if target is not None and made.exists() else []


Cluster = Plain | OpenSource


def artifacts_of(side: Mapping[str, Any]) -> list[dict[str, Any]]:
  """All artifacts of an ExecutorInput's inputs or outputs."""
  return [artifact for held in side.get('artifacts', {}).values() for artifact in held['artifacts']]


def in_store(store: pathlib.Path, uri: str) -> pathlib.Path | None:
  """Where the object of `uri` is in the folder that stands for the object store; None if it is no such URI."""
  return store / uri.replace('://', '/', 1) if _scheme(uri) else None


def mounted(pod: pathlib.Path, uri: str) -> pathlib.Path:
  """Where the launcher keeps its copy of `uri` in the pod."""
  scheme = _scheme(uri)
  if scheme is None:
    return pod / 'unsupported' / uri.replace('/', '_')
  return pathlib.Path(f'{pod}{MOUNTS[scheme]}{uri[len(scheme) :]}')


def _scheme(uri: str) -> str | None:
  return next((scheme for scheme in MOUNTS if uri.startswith(scheme)), None)


def copy_in_place(source: pathlib.Path, target: pathlib.Path) -> None:
  """Copies a file or a folder to `target`, whose parents are made."""
  target.parent.mkdir(parents=True, exist_ok=True)
  if source.is_dir():
    shutil.copytree(source, target, dirs_exist_ok=True)
  else:
    shutil.copyfile(source, target)


def executor_input(
  cluster: Cluster,
  pod: pathlib.Path,
  task: str,
  component: Mapping[str, Any],
  parameters: Mapping[str, Any],
  artifacts: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
  """The ExecutorInput, in JSON's names, that the driver makes for one attempt.

  Args:
    cluster: the kind of cluster that is emulated.
    pod: the pod's file system.
    task: the task's name.
    component: its ComponentSpec.
    parameters, artifacts: values of its inputs; artifacts as their producers published them.
  """
  definitions = component.get('outputDefinitions', {})
  outputs = {}
  for key, definition in definitions.get('artifacts', {}).items():
    artifact = {'uri': cluster.output_uri(task, key), 'type': definition['artifactType']}
    if 'metadata' in definition:
      artifact['metadata'] = definition['metadata']
    outputs[key] = {'artifacts': [artifact]}
  outputs.update(cluster.extra_outputs(task))
  values = {key: {'outputFile': str(pod / 'tmp/kfp/outputs' / key)} for key in definitions.get('parameters', {})}
  return {
    'inputs': {
      'parameterValues': dict(parameters),
      'artifacts': {key: {'artifacts': [cluster.sent(artifact)]} for key, artifact in artifacts.items()},
    },
    'outputs': {
      'artifacts': outputs,
      'parameters': values,
      'outputFile': str(pod / 'tmp/kfp_outputs/output_metadata.json'),
    },
  }


def placeholders(sent: Mapping[str, Any], pod: pathlib.Path) -> dict[str, str]:
  """What the launcher puts in place of each placeholder of a command."""
  found = {'{{$}}': json.dumps(sent, separators=(',', ':'))}
  for side in ('inputs', 'outputs'):
    for key, held in sent[side].get('artifacts', {}).items():
      uri = held['artifacts'][0]['uri']
      path = str(mounted(pod, uri)) if _scheme(uri) else uri
      found[f"{{{{$.{side}.artifacts['{key}'].uri}}}}"] = uri
      found[f"{{{{$.{side}.artifacts['{key}'].path}}}}"] = path
  for key, value in sent['inputs'].get('parameterValues', {}).items():
    text = value if isinstance(value, str) else json.dumps(value)
    found[f"{{{{$.inputs.parameters['{key}']}}}}"] = text.removesuffix('.0') if isinstance(value, float) else text
  for key, parameter in sent['outputs'].get('parameters', {}).items():
    found[f"{{{{$.outputs.parameters['{key}'].output_file}}}}"] = parameter['outputFile']
  return found


def run_container(
  container: Mapping[str, Any],
  sent: Mapping[str, Any],
  pod: pathlib.Path,
  log: pathlib.Path,
  variables: Mapping[str, str],
) -> int:
  """Runs the container's exact command in the folder `pod`; returns its exit status, negative for a signal.

  The command starts in a process group of its own, as under Argo's executor. When this process is told to end, the
  group gets SIGTERM and GRACE_SECONDS.
  """
  replaced = placeholders(sent, pod)
  command = [_fill(word, replaced) for word in [*container.get('command', []), *container.get('args', [])]]
  for parameter in sent['outputs'].get('parameters', {}).values():
    os.makedirs(os.path.dirname(parameter['outputFile']), exist_ok=True)
  os.makedirs(os.path.dirname(sent['outputs']['outputFile']), exist_ok=True)
  environment = {**os.environ, **variables}
  # `python` in the command is the image's; here it is the one that emulates.
  environment['PATH'] = os.path.dirname(sys.executable) + os.pathsep + environment.get('PATH', '')
  environment.update({entry['name']: entry.get('value', '') for entry in container.get('env', [])})
  with log.open('wb') as out:
    try:
      process = subprocess.Popen(
        command, cwd=pod, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
      )
    except OSError as error:
      out.write(f'cannot start {command[0]}: {error.strerror}\n'.encode())
      return 127
    try:
      return process.wait()
    except BaseException:
      _end(process)
      raise


def _fill(word: str, replaced: Mapping[str, str]) -> str:
  for placeholder, text in replaced.items():
    word = word.replace(placeholder, text)
  return word


def _end(process: subprocess.Popen) -> None:
  os.killpg(process.pid, signal.SIGTERM)
  try:
    process.wait(GRACE_SECONDS)
  except subprocess.TimeoutExpired:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def published(sent: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
  """The outputs of a finished attempt, read as the launcher reads them.

  Returns:
    {output key: artifact} with URI and metadata from the executor's output file where it names them, and {output
    parameter: value}.
  """
  output_file = pathlib.Path(sent['outputs']['outputFile'])
  output = json.loads(output_file.read_text()) if output_file.exists() else {}
  artifacts = {}
  for key, held in sent['outputs']['artifacts'].items():
    artifact = copy.deepcopy(held['artifacts'][0])
    said = (output.get('artifacts', {}).get(key, {}).get('artifacts') or [{}])[0]
    artifact['uri'] = said.get('uri') or artifact['uri']
    artifact['metadata'] = {**artifact.get('metadata', {}), **said.get('metadata', {})}
    artifacts[key] = artifact
  values = dict(output.get('parameterValues', {}))
  for key, parameter in sent['outputs'].get('parameters', {}).items():
    file = pathlib.Path(parameter['outputFile'])
    if key not in values and file.exists():
      values[key] = file.read_text()
  return artifacts, values
