"""A compiled KFP v2 file, read back: its documents, the order of its tasks, the parameters of a run."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from detection.base import strict_yaml
from detection.base.errors import ConfigError
from detection.base.settings import unknown_key

SCHEMA_VERSION = '2.1.0'
_CONTAINERS = {'LIST': list, 'STRUCT': dict}
_PARTS = ('pipelineInfo.name', 'root.dag.tasks', 'components', 'deploymentSpec.executors')


class CompiledFile(NamedTuple):
  """The pipeline spec and the platforms document of one file, as dicts in JSON's names."""

  spec: dict[str, Any]
  platforms: dict[str, Any]

  @property
  def name(self) -> str:
    return self.spec['pipelineInfo']['name']


def read(path: str) -> CompiledFile:
  """Reads a file that `compile` or TFX's own runner has written.

  Raises:
    ConfigError: if it is no schema 2.1.0 pipeline in YAML.
  """
  try:
    documents = strict_yaml.load_all(pathlib.Path(path).read_text())
  except OSError as error:
    raise ConfigError(f'{path}: cannot be read: {error.strerror}.') from error
  except UnicodeDecodeError as error:
    raise ConfigError(f'{path}: not UTF-8 text. Expected a compiled pipeline.') from error
  except yaml.YAMLError as error:
    raise ConfigError(f'{path}: not YAML that can be used: {strict_yaml.explain(error)}.') from error
  spec = documents[0] if documents else None
  if isinstance(spec, dict) and 'pipelineSpec' in spec:
    raise ConfigError(f'{path}: a PipelineJob, which open-source KFP does not read. Compile to a .yaml file.')
  if not isinstance(spec, dict) or not isinstance(spec.get('root'), dict):
    raise ConfigError(f'{path}: expected a compiled pipeline (keys root, components, deploymentSpec).')
  if spec.get('schemaVersion') != SCHEMA_VERSION:
    raise ConfigError(f'{path}: schemaVersion: expected {SCHEMA_VERSION}, received {spec.get("schemaVersion")!r}.')
  for part in _PARTS:
    if not _at(spec, part):
      raise ConfigError(f'{path}: {part}: missing. Expected a whole compiled pipeline.')
  platforms = documents[1] if len(documents) > 1 and isinstance(documents[1], dict) else {}
  return CompiledFile(spec, platforms)


def _at(spec: Any, part: str) -> Any:
  for key in part.split('.'):
    spec = spec.get(key) if isinstance(spec, dict) else None
  return spec


def volumes(platforms: Mapping[str, Any]) -> dict[str, list[str]]:
  """{executor label: names of the volume claims it mounts} of a platforms document; others are left out."""
  executors = _at(platforms, 'platforms.kubernetes.deploymentSpec.executors') or {}
  claims = {label: [mount['constant'] for mount in config.get('pvcMount', [])] for label, config in executors.items()}
  return {label: names for label, names in claims.items() if names}


def ordered(tasks: Mapping[str, Any]) -> list[str]:
  """The names of `tasks`, each after those it depends on; otherwise in the order of names.

  Raises:
    ConfigError: if a task depends on one that is not there, or on itself in a circle.
  """
  waiting = {name: _needs(task) for name, task in tasks.items()}
  for name, needs in waiting.items():
    for missing in sorted(needs - set(tasks)):
      raise ConfigError(f'{name}: depends on task "{missing}", which is not in the file.')
  done: list[str] = []
  while waiting:
    ready = sorted(name for name, needs in waiting.items() if needs <= set(done))
    if not ready:
      raise ConfigError(f'the tasks {", ".join(sorted(waiting))} wait for each other.')
    done.append(ready[0])
    del waiting[ready[0]]
  return done


def _needs(task: Mapping[str, Any]) -> set[str]:
  needs = set(task.get('dependentTasks', []))
  for value in task.get('inputs', {}).get('artifacts', {}).values():
    needs.add(value['taskOutputArtifact']['producerTask'])
  for value in task.get('inputs', {}).get('parameters', {}).values():
    for kind in ('taskOutputParameter', 'taskFinalStatus'):
      if kind in value:
        needs.add(value[kind]['producerTask'])
  return needs


def run_parameters(spec: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
  """Values of the run's parameters: what is given, else the defaults in the file.

  Args:
    spec: the pipeline spec.
    given: 'name=value' as on the command line.

  Raises:
    ConfigError: if a name is unknown, a value is not of its type, or one without a default is missing.
  """
  declared = spec['root'].get('inputDefinitions', {}).get('parameters', {})
  values = {name: definition['defaultValue'] for name, definition in declared.items() if 'defaultValue' in definition}
  for pair in given:
    name, separator, text = pair.partition('=')
    if not separator:
      raise ConfigError(f'--param {pair}: expected NAME=VALUE.')
    if name not in declared:
      raise ConfigError('--param: ' + unknown_key(name, declared))
    values[name] = _typed(name, text, declared[name]['parameterType'])
  for name, definition in declared.items():
    if name not in values and not definition.get('isOptional'):
      raise ConfigError(f'--param {name}=VALUE is missing: the pipeline has no default for it.')
  return values


def _typed(name: str, text: str, kind: str) -> Any:
  try:
    if kind == 'NUMBER_INTEGER':
      return int(text)
    if kind == 'NUMBER_DOUBLE':
      return float(text)
    if kind == 'BOOLEAN':
      return {'true': True, 'false': False}[text.lower()]
    if kind in _CONTAINERS and isinstance(value := strict_yaml.load(text), _CONTAINERS[kind]):
      return value
  except (ValueError, KeyError, yaml.YAMLError):
    raise _not_of_type(name, text, kind) from None
  if kind in _CONTAINERS:
    raise _not_of_type(name, text, kind)
  return text


def _not_of_type(name: str, text: str, kind: str) -> ConfigError:
  return ConfigError(f'--param {name}: expected a {kind}, received {text!r}.')
