"""What a step's container runs: TFX's own entrypoint, made to work under the driver and launcher of open-source KFP.

    python -m kubeflow.runtime.entrypoint --executor_class_path CLASS --json_serialized_invocation_args EXECUTOR_INPUT
      --json_serialized_inputs_spec_args INPUTS_SPEC [BEAM_ARG ...]

TFX's entrypoint expects Vertex AI. What open-source KFP does otherwise, and what is done about it:

* The driver sends input artifacts without a type, and after MLMD with the text of a whole schema as their title: the
  type is always the one that the component declares, in the inputs spec that TFX compiles into the command.
* The driver adds an output `executor-logs` that the component knows nothing of: dropped.
* Nobody makes the output folders that TFX executors expect: made.
* URIs are minio://, s3:// or gs://, and the launcher copies artifacts between them and /minio, /s3, /gcs: executors get
  the paths, and the output file says URIs again. TensorFlow has no minio://, so in parameters it becomes s3://.
* SIGTERM is sent when a run is cancelled or a node drained, and Python as process 1 would ignore it: the executor may
  save its work, then the step ends with status 143.
"""

import argparse
import copy
import json
import os
import pathlib
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from components import remote_files
from detection.base import files

# Where the launcher keeps its copies.
MOUNTS = {'minio://': '/minio/', 's3://': '/s3/', 'gs://': '/gcs/'}
# Names a folder that holds those mounts. Only the emulator sets it, as it cannot write to / like the launcher.
MOUNT_ROOT = 'KFP_MOUNT_ROOT'

_LOGS = 'executor-logs'
# Artifacts whose URI is that of a file, not of a folder; the executor writes it.
_VALUE_TYPES = ('tfx.String', 'tfx.Integer', 'tfx.Float', 'tfx.Boolean', 'tfx.JsonValue')


def local_path(uri: str) -> str | None:
  """Where the launcher keeps its copy of `uri`, or None if it does not copy such URIs."""
  for scheme, folder in MOUNTS.items():
    if uri.startswith(scheme):
      return os.environ.get(MOUNT_ROOT, '') + folder + uri[len(scheme) :]
  return None


def adapt(executor_input: Mapping[str, Any], inputs_spec: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
  """Turns what the open-source driver sends into what TFX's entrypoint understands.

  Args:
    executor_input: an ExecutorInput as JSON; not changed.
    inputs_spec: the component's ComponentInputsSpec as JSON.

  Returns:
    The adapted ExecutorInput, and {path given to the executor: URI it stands for}.
  """
  adapted = copy.deepcopy(dict(executor_input))
  inputs = adapted.get('inputs', {})
  outputs = adapted.get('outputs', {})
  outputs.get('artifacts', {}).pop(_LOGS, None)
  paths: dict[str, str] = {}
  for key, artifact in _each(inputs):
    declared = inputs_spec.get('artifacts', {}).get(key, {}).get('artifactType')
    if declared:
      artifact['type'] = declared
    _to_path(artifact, paths, os.path.exists)
  for _, artifact in _each(outputs):
    # The launcher has made the folder above; without a launcher (Vertex AI, plain emulation) the URI is left as it is.
    _to_path(artifact, paths, lambda path: os.path.isdir(os.path.dirname(path)))
  values = inputs.get('parameterValues', {})
  for name, value in values.items():
    if isinstance(value, str) and value.startswith('minio://'):
      values[name] = 's3://' + value[len('minio://') :]
  return adapted, paths


def _each(side: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
  return [(key, artifact) for key, held in side.get('artifacts', {}).items() for artifact in held.get('artifacts', [])]


def _to_path(artifact: dict[str, Any], paths: dict[str, str], is_there: Callable[[str], bool]) -> None:
  path = local_path(artifact['uri'])
  if path is not None and is_there(path):
    paths[path] = artifact['uri']
    artifact['uri'] = path


def restore_uris(output: Any, paths: Mapping[str, str]) -> Any:
  """Puts URIs back in place of paths, wherever a string in the executor's output is such a path or lies below it."""
  if isinstance(output, dict):
    return {key: restore_uris(value, paths) for key, value in output.items()}
  if isinstance(output, list):
    return [restore_uris(value, paths) for value in output]
  if isinstance(output, str):
    for path, uri in paths.items():
      if output == path or output.startswith(path + '/'):
        return uri + output[len(path) :]
  return output


def make_output_folders(executor_input: Mapping[str, Any]) -> None:
  """Makes what TFX promises its executors: a folder for each output, and the folder above a value's file."""
  for _, artifact in _each(executor_input.get('outputs', {})):
    uri = artifact['uri'].rstrip('/')
    files.makedirs(os.path.dirname(uri) if _is_value(artifact) else uri)


def _is_value(artifact: Mapping[str, Any]) -> bool:
  kind = artifact.get('type', {})
  schema = kind.get('instanceSchema', '')
  return kind.get('schemaTitle') in _VALUE_TYPES or any(f'title: {name}\n' in schema for name in _VALUE_TYPES)


def main(argv: Sequence[str] | None = None) -> int:
  """Runs one executor; returns the exit status: 0, a UserError's, or 1 after a traceback."""
  args, beam_args = _parse(argv)
  signal.signal(signal.SIGTERM, end)
  spec = json.loads(args.json_serialized_inputs_spec_args or '{}')
  adapted, paths = adapt(json.loads(args.json_serialized_invocation_args), spec)
  args.json_serialized_invocation_args = json.dumps(adapted)
  status = _run(args, beam_args, adapted)
  if status == 0:
    _restore_in_file(pathlib.Path(adapted['outputs']['outputFile']), paths)
  return status


def _run(args: argparse.Namespace, beam_args: list[str], executor_input: Mapping[str, Any]) -> int:
  from absl import logging
  from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

  from detection.base.errors import UserError

  logging.use_absl_handler()
  remote_files.load_scheme(args.json_serialized_invocation_args)
  make_output_folders(executor_input)
  try:
    kubeflow_v2_run_executor.main((args, beam_args))
  except UserError as error:
    print(f'{args.executor_class_path}: {error}', file=sys.stderr)
    return error.exit_status
  return 0


def _restore_in_file(output_file: pathlib.Path, paths: Mapping[str, str]) -> None:
  output = restore_uris(json.loads(output_file.read_text()), paths)
  output_file.write_text(json.dumps(output))


def _parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
  parser = argparse.ArgumentParser(prog='kubeflow.runtime.entrypoint', allow_abbrev=False)
  parser.add_argument('--executor_class_path', required=True)
  parser.add_argument('--json_serialized_invocation_args', required=True)
  parser.add_argument('--json_serialized_inputs_spec_args')
  return parser.parse_known_args(argv)


def end(number: int, frame: Any) -> NoReturn:
  """Handles a signal: runs `finally` blocks, then ends the process with status 128 + number, as shells report it."""
  raise SystemExit(128 + number)


def run_and_exit(run: Callable[[], int]) -> NoReturn:
  """Calls `run` and ends the process at once with the status it returns.

  A process that has used s3:// through tensorflow-io aborts while Python shuts down, after all work is done; the
  launcher would take the step for failed.
  """
  status = 1
  try:
    status = run()
  except SystemExit as end:
    status = end.code if isinstance(end.code, int) else int(end.code is not None)
  except BaseException:
    # Not raised again: os._exit below ends the process before Python could print the traceback. It is printed here,
    # and the status is 1.
    traceback.print_exc()
  finally:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == '__main__':
  run_and_exit(main)
