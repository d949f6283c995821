"""One attempt at one task in its pod, as KFP's launcher runs it: the command, the process, what it has made."""

import copy
import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from kubeflow.emulator.clusters import ClusterError, mounted, scheme_of
from kubeflow.emulator.driver import as_text

_READERS: dict[str, Callable[[str], Any]] = {
  'NUMBER_INTEGER': int,
  'NUMBER_DOUBLE': float,
  'BOOLEAN': lambda text: {'true': True, 'false': False}[text.strip().lower()],
  'LIST': json.loads,
  'STRUCT': json.loads,
}


def placeholders(sent: Mapping[str, Any], pod: pathlib.Path) -> dict[str, str]:
  """What the launcher puts in place of each placeholder of a command."""
  found = {'{{$}}': json.dumps(sent, separators=(',', ':'))}
  for side in ('inputs', 'outputs'):
    for key, held in sent[side].get('artifacts', {}).items():
      uri = held['artifacts'][0]['uri']
      path = str(mounted(pod, uri)) if scheme_of(uri) else uri
      found[f"{{{{$.{side}.artifacts['{key}'].uri}}}}"] = uri
      found[f"{{{{$.{side}.artifacts['{key}'].path}}}}"] = path
  for key, value in sent['inputs'].get('parameterValues', {}).items():
    found[f"{{{{$.inputs.parameters['{key}']}}}}"] = as_text(value)
  for key, parameter in sent['outputs'].get('parameters', {}).items():
    found[f"{{{{$.outputs.parameters['{key}'].output_file}}}}"] = parameter['outputFile']
  return found


def run_container(
  container: Mapping[str, Any],
  sent: Mapping[str, Any],
  pod: pathlib.Path,
  log: pathlib.Path,
  variables: Mapping[str, str],
  grace_seconds: float,
) -> int:
  """Runs the container's exact command in the folder `pod`; returns its exit status, negative for a signal.

  The command starts in a process group of its own, as under Argo's executor. When this process is told to end, the
  group gets SIGTERM and `grace_seconds`.
  """
  replaced = placeholders(sent, pod)
  command = [fill(word, replaced) for word in [*container.get('command', []), *container.get('args', [])]]
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
      _end(process, grace_seconds)
      raise


def fill(word: str, replaced: Mapping[str, str]) -> str:
  """A word of a command with its placeholders replaced."""
  for placeholder, text in replaced.items():
    word = word.replace(placeholder, text)
  return word


def _end(process: subprocess.Popen, grace_seconds: float) -> None:
  os.killpg(process.pid, signal.SIGTERM)
  try:
    process.wait(grace_seconds)
  except subprocess.TimeoutExpired:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def published(
  sent: Mapping[str, Any], component: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
  """The outputs of a finished attempt, read as the launcher reads them.

  Args:
    sent: the attempt's ExecutorInput.
    component: the task's ComponentSpec.

  Returns:
    {output key: artifact} with URI and metadata from the executor's output file where it names them, and {output
    parameter: value}.

  Raises:
    ClusterError: if an output parameter was not written, or is not of its type.
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
  declared = component.get('outputDefinitions', {}).get('parameters', {})
  for key, parameter in sent['outputs'].get('parameters', {}).items():
    if key not in values:
      values[key] = _value(key, pathlib.Path(parameter['outputFile']), declared[key].get('parameterType', 'STRING'))
  return artifacts, values


def _value(key: str, file: pathlib.Path, kind: str) -> Any:
  """An output parameter that the container wrote into a file."""
  if not file.exists():
    raise ClusterError(f'output parameter "{key}" was not written: expected {file}')
  text = file.read_text()
  try:
    return _READERS.get(kind, str)(text)
  except (ValueError, KeyError) as error:
    raise ClusterError(f'output parameter "{key}": expected a {kind}, received {text!r}') from error
