"""Typed settings: a dict from outside (YAML, JSON) into a pydantic model, with errors a user can act on."""

import textwrap
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import v1 as pydantic

from detection.base import suggest
from detection.base.errors import ConfigError, joined

_LONGEST = 120


class Settings(pydantic.BaseModel):
  """Base of typed settings: frozen, and unknown keys are refused."""

  class Config:
    extra = pydantic.Extra.forbid
    frozen = True

  @pydantic.validator('*', pre=True, each_item=True)
  def _is_no_other_number(cls, value: Any, field: Any) -> Any:
    """pydantic would take 2.7 for 2, and true for 1."""
    kind = field.type_
    if not isinstance(kind, type) or not issubclass(kind, int | float) or issubclass(kind, bool):
      return value
    is_whole = issubclass(kind, int)
    if isinstance(value, bool) or (is_whole and isinstance(value, float) and not value.is_integer()):
      raise ValueError(f'expected a {"whole " if is_whole else ""}number')
    return value


Model = TypeVar('Model', bound=pydantic.BaseModel)


def parse_settings(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
  """Builds `model` from `data`.

  Args:
    model: a pydantic model; nested models are followed.
    data: what the user wrote.
    where: the file's name, for messages.

  Raises:
    ConfigError: one line for everything that is wrong: field, value found, what was expected, the nearest known key.
  """
  for key in data:
    if not isinstance(key, str):
      raise ConfigError(f'{where}: the key {key!r} is no text. Expected the name of a setting.')
  try:
    return model.parse_obj(data)
  except pydantic.ValidationError as error:
    problems = [_explain(model, data, problem) for problem in error.errors()]
    raise ConfigError(f'{where}: ' + joined(problems)) from error


def _explain(model: type[pydantic.BaseModel], data: Mapping[str, Any], problem: Mapping[str, Any]) -> str:
  path = '.'.join(str(part) for part in problem['loc'] if part != '__root__')
  if problem['type'] == 'value_error.extra':
    return unknown_key(path, _keys_at(model, problem['loc'][:-1]))
  if problem['type'] == 'value_error.missing':
    return f'{path}: missing. Set it.'
  if not path:
    return f'{problem["msg"]}.'
  received = textwrap.shorten(repr(_value_at(data, problem['loc'])), _LONGEST, placeholder=' …')
  return f'{path}: {problem["msg"]}; received {received}.'


def unknown_key(path: str, known: typing.Iterable[str]) -> str:
  """One line that refuses `path` and names the nearest of the `known` keys at its level."""
  parent, _, key = path.rpartition('.')
  prefix = f'{parent}.' if parent else ''
  return f'unknown key "{path}"; {suggest.hint(key, sorted(known), prefix)}.'


def _keys_at(model: Any, location: tuple) -> list[str]:
  for part in location:
    field = getattr(model, '__fields__', {}).get(part)
    if field is not None:
      model = field.type_
  return [field.alias for field in getattr(model, '__fields__', {}).values()]


def _value_at(data: Any, location: tuple) -> Any:
  for part in location:
    try:
      data = data[part]
    except (KeyError, IndexError, TypeError):
      return data
  return data
