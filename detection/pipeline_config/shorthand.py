"""Overrides of a config: short forms by the names people use, and every other field by its dotted path.

    overrides:
      augment: [horizontal_flip, color_jitter, {cutout: {probability: 0.3}}]
      optimizer: {name: adam, learning_rate: 1e-3}
      schedule: {name: cosine, warmup_steps: 100}
      learning_rate: 0.02
      text: 'train_config { gradient_clipping_by_norm: 10 }'
      train_config.max_number_of_boxes: 300

augmentation and optimization say what each short form takes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from detection.base.errors import ConfigError, collected, joined
from detection.base.settings import unknown_key
from detection.odapi.config import config_path
from detection.odapi.config.config_io import Config
from detection.pipeline_config.augmentation import set_augmentation
from detection.pipeline_config.optimization import set_learning_rate, set_optimizer, set_schedule

FIT_ANCHORS = 'fit_anchors'
_TEXT = 'text'
# In the order in which they are applied: a schedule is set for the optimizer that is chosen, at its rate.
SETTERS: dict[str, Callable[[Config, Any, str], None]] = {
  _TEXT: config_path.merge,
  'augment': set_augmentation,
  'optimizer': set_optimizer,
  'learning_rate': set_learning_rate,
  'schedule': set_schedule,
}
# fit_anchors is carried out where the boxes are known: see recipe.complete_config.
KEYS = (*SETTERS, FIT_ANCHORS)


def apply(config: Config, overrides: Mapping[str, Any], where: str) -> None:
  """Sets short forms, then every other path of `overrides`, in place. Doing it twice changes nothing more.

  Args:
    config: its training size is set already, as the schedules follow it.
    overrides: {short form or dotted path: value}.
    where: what the user wrote it in, for messages; short forms go by their own name.

  Raises:
    ConfigError: naming every entry that does not fit, and the nearest known name.
  """
  problems = _rates_set_twice(overrides)
  for key, setter in SETTERS.items():
    if overrides.get(key) is not None:
      with collected(problems):
        setter(config, overrides[key], where if key == _TEXT else key)
  # In the order of the paths, so that a message comes before its fields.
  for path in sorted(set(overrides) - set(KEYS)):
    with collected(problems):
      _put(config, path, overrides[path], where)
  if problems:
    raise ConfigError(joined(problems))


def _put(config: Config, path: str, value: Any, where: str) -> None:
  fields = config.DESCRIPTOR.fields_by_name
  if '.' not in path and path not in fields:
    raise ConfigError(f'{where}: {unknown_key(path, [*KEYS, *fields])}')
  config_path.put(config, path, value, where)


def _rates_set_twice(overrides: Mapping[str, Any]) -> list[str]:
  rivals = ('optimizer', 'schedule')
  found = [key for key in rivals if isinstance(overrides.get(key), Mapping) and overrides[key].get('learning_rate')]
  if overrides.get('learning_rate') is None or not found:
    return []
  return [f'learning_rate: {found[0]}.learning_rate is set too. Keep one of them.']
