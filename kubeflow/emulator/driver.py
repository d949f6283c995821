"""What KFP's driver makes of a task before its pod starts: the ExecutorInput."""

import json
import pathlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kubeflow.emulator.clusters import ClusterError, Plain

_KINDS: dict[str, tuple[type, ...]] = {
  'NUMBER_INTEGER': (int, float),
  'NUMBER_DOUBLE': (int, float),
  'BOOLEAN': (bool,),
  'LIST': (list,),
  'STRUCT': (dict,),
}


def executor_input(
  cluster: Plain,
  pod: pathlib.Path,
  task: str,
  component: Mapping[str, Any],
  parameters: Mapping[str, Any],
  artifacts: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
  """The ExecutorInput, in JSON's names, for all attempts at a task.

  Args:
    cluster: the kind of cluster that is emulated.
    pod: the pod's file system.
    task: the task's name.
    component: its ComponentSpec.
    parameters, artifacts: values of its inputs; artifacts as their producers published them.

  Raises:
    ClusterError: if a parameter is not of the type that the component declares.
  """
  definitions = component.get('outputDefinitions', {})
  values = {key: {'outputFile': str(pod / 'tmp/kfp/outputs' / key)} for key in definitions.get('parameters', {})}
  sent = {
    'inputs': {
      'parameterValues': _as_declared(component, parameters),
      'artifacts': {key: {'artifacts': [cluster.sent(artifact)]} for key, artifact in artifacts.items()},
    },
    'outputs': {
      'artifacts': cluster.outputs(task, definitions.get('artifacts', {})),
      'parameters': values,
      'outputFile': str(cluster.output_file(pod, task)),
    },
  }
  return _as_written(sent)


def _as_written(part: Any) -> Any:
  """Numbers as Go writes them into JSON: 5.0 is 5, and of large ones the digits that tell them apart, then zeros."""
  if isinstance(part, dict):
    return {key: _as_written(value) for key, value in part.items()}
  if isinstance(part, list):
    return [_as_written(value) for value in part]
  return int(Decimal(repr(part))) if isinstance(part, float) and part.is_integer() else part


def _as_declared(component: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
  """The parameters, checked as the driver checks them: what is declared a string may be anything, and becomes text."""
  declared = component.get('inputDefinitions', {}).get('parameters', {})
  given = dict(parameters)
  for name, value in parameters.items():
    kind = declared.get(name, {}).get('parameterType')
    if kind == 'STRING' and not isinstance(value, str):
      given[name] = as_text(value)
    elif kind in _KINDS and (not isinstance(value, _KINDS[kind]) or isinstance(value, bool) != (kind == 'BOOLEAN')):
      raise ClusterError(f'input parameter "{name}" type mismatch: expect {kind}, got {type(value).__name__}')
  return given


def as_text(value: Any) -> str:
  """A parameter in a command, as the launcher writes it: numbers without exponent, lists and structs as JSON."""
  if isinstance(value, str):
    return value
  if isinstance(value, float):
    return _plain_number(value)
  return json.dumps(value, separators=(',', ':'))


def _plain_number(value: float) -> str:
  """The shortest decimal that reads back as `value`, without exponent; a whole number has no point."""
  text = format(Decimal(repr(value)), 'f')
  return text.rstrip('0').rstrip('.') if '.' in text else text
