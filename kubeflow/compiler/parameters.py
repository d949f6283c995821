"""Parameters of a run: properties of components that can be set when a run is created, with their defaults."""

import contextlib
from collections.abc import Iterator, Mapping

from tfx.orchestration import data_types
from tfx.orchestration.pipeline import Pipeline

from detection.base.errors import ConfigError
from detection.base.settings import unknown_key


@contextlib.contextmanager
def exposed(pipeline: Pipeline, parameters: Mapping[str, list[str]]) -> Iterator[None]:
  """Makes properties of `pipeline`'s components run-time parameters, for as long as the block lasts.

  Args:
    pipeline: its components' values become the defaults.
    parameters: {parameter: ["Component.property", ...]}; one parameter may set several properties of equal value.

  Raises:
    ConfigError: if there is no such component or property, or its value is not a plain constant.
  """
  before = []
  try:
    for name, targets in sorted(parameters.items()):
      for target in targets:
        properties, key = _find(pipeline, name, target)
        before.append((properties, key, properties[key]))
        properties[key] = _runtime_parameter(name, target, properties[key], before)
    yield
  finally:
    for properties, key, value in reversed(before):
      properties[key] = value


def _find(pipeline: Pipeline, name: str, target: str) -> tuple[dict, str]:
  where = f'kubeflow: runtime_parameters.{name}'
  component, _, key = target.partition('.')
  nodes = {node.id: node for node in pipeline.components}
  if component not in nodes:
    raise ConfigError(f'{where}: ' + unknown_key(component, nodes))
  properties = nodes[component].exec_properties
  settable = [key for key, value in properties.items() if isinstance(value, (str, int, float))]
  if key not in settable:
    raise ConfigError(f'{where}: ' + unknown_key(target, settable))
  return properties, key


def _runtime_parameter(name: str, target: str, value: str | int | float, before: list) -> data_types.RuntimeParameter:
  earlier = [v for properties, key, v in before[:-1] if getattr(properties[key], 'name', None) == name]
  if any(other != value for other in earlier):
    raise ConfigError(
      f'kubeflow: runtime_parameters.{name}: {target} is {value!r}, another property of it {earlier[0]!r}. '
      'One parameter has one default: give them two names.'
    )
  return data_types.RuntimeParameter(name, ptype=type(value), default=value)
