"""KFP's cache, for the emulator: a task that has succeeded before, with equal inputs, is not run again.

As in KFP's driver, tasks are told apart by their pipeline's name, their parameters, the identity of their input
artifacts (not the content), the kinds of their outputs, the image and command of their container, and the volume claims
that it mounts. Variables do not count. The code in an image counts only by the image's name; components of this project
have a digest of their code as a parameter.
"""

import hashlib
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from detection.base import files

_FILE = 'outputs.json'


class Outputs(NamedTuple):
  """What a task made: {output key: artifact} and {output parameter: value}; `run` is the run that made them."""

  run: str
  artifacts: dict[str, dict[str, Any]]
  values: dict[str, Any]


def is_cacheable(task: Mapping[str, Any]) -> bool:
  """Whether the compiled task may be served from the cache."""
  return bool(task.get('cachingOptions', {}).get('enableCache'))


def fingerprint(
  pipeline: str, container: Mapping[str, Any], sent: Mapping[str, Any], claims: Iterable[str] = ()
) -> str:
  """A digest that is equal for two tasks if KFP would take one's outputs for the other's.

  Args:
    pipeline: its name.
    container: as in the compiled file, placeholders unfilled.
    sent: the task's ExecutorInput.
    claims: the names of the volume claims that it mounts.
  """
  inputs, outputs = sent['inputs'], sent['outputs']
  identity = {
    'pipeline': pipeline,
    'container': {key: container.get(key) for key in ('image', 'command', 'args')},
    'claims': sorted(set(claims)),
    'parameters': inputs['parameterValues'],
    'inputs': {key: [one['uri'] for one in held['artifacts']] for key, held in inputs['artifacts'].items()},
    'outputs': {
      key: [{name: value for name, value in one.items() if name != 'uri'} for one in held['artifacts']]
      for key, held in outputs['artifacts'].items()
    },
    'values': sorted(outputs['parameters']),
  }
  return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def find(root: pathlib.Path, key: str) -> Outputs | None:
  """The outputs of the latest task with the fingerprint `key`, in any run below `root`; None if there is none."""
  for file in sorted(root.glob(f'run-*/*/{_FILE}'), key=lambda file: file.stat().st_mtime_ns, reverse=True):
    kept = json.loads(file.read_text())
    if kept['fingerprint'] == key:
      return Outputs(file.parents[1].name, kept['artifacts'], kept['values'])
  return None


def highest_id(root: pathlib.Path) -> int:
  """The highest id of an artifact that a run below `root` keeps; 0 if none does.

  An artifact that is taken from the cache keeps its id, so ids must differ between runs.
  """
  kept = (json.loads(file.read_text())['artifacts'] for file in root.glob(f'run-*/*/{_FILE}'))
  return max((int(artifact.get('name', 0)) for artifacts in kept for artifact in artifacts.values()), default=0)


def keep(folder: pathlib.Path, key: str, outputs: Outputs) -> None:
  """Writes a task's outputs into its `folder`, for later runs."""
  kept = {'fingerprint': key, 'artifacts': outputs.artifacts, 'values': outputs.values}
  files.write_text(str(folder / _FILE), json.dumps(kept, indent=2) + '\n')
