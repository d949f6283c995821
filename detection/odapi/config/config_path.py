"""A pipeline.config reached into by dotted path.

A path names fields as the text proto does: `train_config.optimizer.momentum_optimizer.learning_rate`. An item of a
repeated field is reached by its index, `eval_input_reader.0.shuffle` or `eval_input_reader[0].shuffle`, an entry of a
map by its key. Values are what YAML and JSON give: mappings, lists, strings, numbers, booleans, null.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from object_detection.protos import model_pb2

from detection.base import suggest
from detection.base.errors import ConfigError
from detection.odapi.config.config_io import Config, parse, parse_into

_WHERE = 'pipeline.config'
_INTEGERS = frozenset(
  {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
  }
)
_FLOATS = frozenset({FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE})
_BOOLEANS = {'true': True, 'false': False}


def get(config: Config, path: str, where: str = _WHERE) -> Any:
  """What stands at `path`: a number, string, boolean, message, or the list of a repeated field.

  A field that is not set gives its default, an enum the name of its value.

  Raises:
    ConfigError: if there is no such field or item.
  """
  parent, field, selector = _find(config, path, where)
  value = getattr(parent, field.name)
  if selector is not None:
    value = value[_selector(parent, field, selector, path, where)]
  elif _is_repeated(field) and not _is_map(field):
    return [_plain(field, item) for item in value]
  return _plain(field, value)


def put(config: Config, path: str, value: Any, where: str = _WHERE) -> None:
  """Sets the field at `path`.

  Args:
    config: changed in place.
    path: see the module.
    value: a number, boolean or string as the field's type asks; an enum's name; for a message, a mapping of its
      fields (dotted paths again), which leaves its other fields as they are, or a text proto fragment that is merged;
      for a repeated field a list that replaces it, or {'append': [...]} that adds what is not in it yet; None clears
      the field. Setting a member of a oneof clears the member that was set.
    where: what the user wrote it in, for messages.

  Raises:
    ConfigError: naming the path: no such field (with the nearest real one), no such item, a value of another type or
      out of range, or a path into another meta-architecture than the config's.
  """
  _put(config, path, value, config, '', where)


def apply(config: Config, overrides: Mapping[str, Any], where: str = _WHERE) -> None:
  """Sets every path of `overrides`, in the order of the paths, so that a message comes before its fields. See `put`."""
  for path in sorted(overrides):
    put(config, path, overrides[path], where)


def merge(config: Config, fragment: str, where: str = _WHERE) -> None:
  """Merges a text proto fragment of a pipeline.config, as `put` would: what is in a repeated field is not added again.

  The one item of `eval_input_reader` in a fragment is merged into the config's own: the OD API reads the first alone.
  """
  addition = parse(fragment, where)
  if len(config.eval_input_reader) == 1 and len(addition.eval_input_reader) == 1:
    _merge_message(config.eval_input_reader[0], addition.eval_input_reader[0], where)
    addition.ClearField('eval_input_reader')
  _merge_message(config, addition, where)


def set_paths(message: Message, prefix: str = '') -> Iterator[tuple[str, FieldDescriptor, Any]]:
  """Every set leaf below `message` as (dotted path, field, value); an empty message is a leaf too, with value None."""
  for field, value in message.ListFields():
    path = f'{prefix}{field.name}'
    if _is_map(field):
      for key in sorted(value):
        yield f'{path}.{key}', field, value[key]
    elif _is_repeated(field):
      for index, item in enumerate(value):
        yield from _leaf(f'{path}.{index}', field, item)
    else:
      yield from _leaf(path, field, value)


def _leaf(path: str, field: FieldDescriptor, value: Any) -> Iterator[tuple[str, FieldDescriptor, Any]]:
  if field.message_type is None:
    yield path, field, _plain(field, value)
  elif value.ListFields():
    yield from set_paths(value, f'{path}.')
  else:
    yield path, field, None


def _put(message: Message, path: str, value: Any, root: Message, prefix: str, where: str) -> None:
  full = f'{prefix}{path}'
  if isinstance(root, Config) and full.startswith('model.'):
    _refuse_other_architecture(root.model, full.split('.')[1], full, where)
  parent, field, selector = _find(message, path, where, root, prefix)
  if _is_map(field):
    _put_map(parent, field, selector, value, full, where)
  elif _is_repeated(field):
    _put_repeated(parent, field, selector, value, root, full, where)
  elif value is None:
    parent.ClearField(field.name)
  elif field.message_type is not None:
    _put_message(getattr(parent, field.name), value, root, full, where)
  else:
    _assign(lambda scalar: setattr(parent, field.name, scalar), field, value, full, where)


def _put_message(message: Message, value: Any, root: Message, path: str, where: str) -> None:
  message.SetInParent()
  if isinstance(value, Mapping):
    for key, inner in value.items():
      _put(message, str(key), inner, root, f'{path}.', where)
  elif isinstance(value, str):
    _merge_message(message, parse_into(value, type(message)(), f'{where}: {path}'), where)
  else:
    raise ConfigError(f'{where}: {path}: expected a mapping of fields or a text proto, received {value!r}.')


def _put_repeated(
  parent: Message, field: FieldDescriptor, selector: str | None, value: Any, root: Message, path: str, where: str
) -> None:
  items = getattr(parent, field.name)
  if selector is not None:
    index = _selector(parent, field, selector, path, where)
    if value is None:
      del items[index]
    elif field.message_type is not None:
      _put_message(items[index], value, root, path, where)
    else:
      _assign(lambda scalar: items.__setitem__(index, scalar), field, value, path, where)
  elif value is None:
    parent.ClearField(field.name)
  else:
    append = isinstance(value, Mapping) and set(value) == {'append'}
    additions = value['append'] if append else value
    if not isinstance(additions, list | tuple):
      raise ConfigError(f'{where}: {path}: expected a list, {{append: [...]}} or null, received {value!r}.')
    fresh = getattr(type(parent)(), field.name)
    for index, item in enumerate(additions):
      _add(fresh, field, item, root, f'{path}.{index}', where)
    if append:
      fresh = [item for item in fresh if item not in items]
    else:
      parent.ClearField(field.name)
    getattr(parent, field.name).extend(fresh)


def _add(items: Any, field: FieldDescriptor, value: Any, root: Message, path: str, where: str) -> None:
  if field.message_type is not None:
    _put_message(items.add(), value, root, path, where)
  else:
    _assign(items.append, field, value, path, where)


def _put_map(parent: Message, field: FieldDescriptor, key: str | None, value: Any, path: str, where: str) -> None:
  entries = getattr(parent, field.name)
  value_field = field.message_type.fields_by_name['value']
  if value is None:
    if key is None:
      parent.ClearField(field.name)
    else:
      entries.pop(key, None)
    return
  if key is None:
    if not isinstance(value, Mapping):
      raise ConfigError(f'{where}: {path}: expected a mapping, received {value!r}.')
    entries.clear()
  for name, item in {key: value}.items() if key is not None else value.items():
    _assign(lambda scalar, name=name: entries.__setitem__(str(name), scalar), value_field, item, path, where)


def _assign(setter: Any, field: FieldDescriptor, value: Any, path: str, where: str) -> None:
  try:
    setter(_scalar(field, value))
  except (TypeError, ValueError) as error:
    raise ConfigError(f'{where}: {path}: expected {_expected(field)}, received {value!r}.') from error


def _scalar(field: FieldDescriptor, value: Any) -> Any:
  """`value` as the field's type; YAML reads `1e-3` and `--set` reads everything as a string."""
  kind = field.cpp_type
  if kind == FieldDescriptor.CPPTYPE_ENUM:
    return _enum(field, value)
  if kind == FieldDescriptor.CPPTYPE_BOOL:
    value = _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value
    return _only(bool, value)
  if kind == FieldDescriptor.CPPTYPE_STRING:
    return _only(str, value)
  if isinstance(value, bool):
    raise TypeError
  number = float(value) if isinstance(value, str) else _only((int, float), value)
  if kind in _FLOATS:
    if not math.isfinite(number):
      raise ValueError
    return float(number)
  if kind in _INTEGERS and number == int(number):
    return int(number)
  raise TypeError


def _only(kind: type | tuple[type, ...], value: Any) -> Any:
  if not isinstance(value, kind):
    raise TypeError
  return value


def _enum(field: FieldDescriptor, value: Any) -> int:
  if isinstance(value, str) and value in field.enum_type.values_by_name:
    return field.enum_type.values_by_name[value].number
  if isinstance(value, int) and not isinstance(value, bool) and value in field.enum_type.values_by_number:
    return value
  raise ValueError


def _expected(field: FieldDescriptor) -> str:
  kind = field.cpp_type
  if kind == FieldDescriptor.CPPTYPE_ENUM:
    return 'one of ' + ', '.join(value.name for value in field.enum_type.values)
  if kind in _INTEGERS:
    unsigned = kind in (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)
    return f'a whole number{" of 0 or more" if unsigned else ""} in range'
  return {FieldDescriptor.CPPTYPE_BOOL: 'true or false', FieldDescriptor.CPPTYPE_STRING: 'a string'}.get(
    kind, 'a finite number'
  )


def _plain(field: FieldDescriptor, value: Any) -> Any:
  if field.enum_type is not None and isinstance(value, int):
    return field.enum_type.values_by_number[value].name
  return value


def _find(
  message: Message, path: str, where: str, root: Message | None = None, prefix: str = ''
) -> tuple[Message, FieldDescriptor, str | None]:
  """The message that holds the last field of `path`, that field, and the index or key behind it, if any."""
  parts = re.sub(r'\[([^\]]*)\]', r'.\1', path).split('.')
  position = 0
  while True:
    field = message.DESCRIPTOR.fields_by_name.get(parts[position])
    if field is None:
      raise _unknown(root or message, f'{prefix}{path}', where)
    position += 1
    selector = None
    if _is_repeated(field) and position < len(parts):
      selector = parts[position]
      position += 1
    if position == len(parts):
      return message, field, selector
    if field.message_type is None or _is_map(field):
      raise ConfigError(f'{where}: {prefix}{path}: "{field.name}" has no fields below it.')
    inner = getattr(message, field.name)
    message = inner if selector is None else inner[_selector(message, field, selector, f'{prefix}{path}', where)]


def _selector(parent: Message, field: FieldDescriptor, selector: str, path: str, where: str) -> Any:
  items = getattr(parent, field.name)
  if _is_map(field):
    if selector in items:
      return selector
    raise ConfigError(f'{where}: {path}: no key "{selector}". Known: {", ".join(sorted(items)) or "none"}.')
  if selector.isascii() and selector.isdigit() and int(selector) < len(items):
    return int(selector)
  raise ConfigError(
    f'{where}: {path}: "{field.name}" is a list of {len(items)}. Expected an index below {len(items)} after it, '
    f'received "{selector}". To add an item: {{append: [...]}}.'
  )


def _unknown(root: Message, path: str, where: str) -> ConfigError:
  hint = suggest.hint(path, list(_known_paths(root)), listed=root.DESCRIPTOR.fields_by_name)
  return ConfigError(f'{where}: no field "{path}" in pipeline.config; {hint}.')


def _known_paths(message: Message, prefix: str = '') -> Iterator[str]:
  """Every field, set or not, of every message that is set below `message`."""
  for field in message.DESCRIPTOR.fields:
    path = f'{prefix}{field.name}'
    yield path
    if field.message_type is None or _is_map(field):
      continue
    if _is_repeated(field):
      for index, item in enumerate(getattr(message, field.name)):
        yield from _known_paths(item, f'{path}.{index}.')
    elif message.HasField(field.name):
      yield from _known_paths(getattr(message, field.name), f'{path}.')


def _merge_message(target: Message, addition: Message, where: str) -> None:
  if isinstance(target, model_pb2.DetectionModel):
    _refuse_other_architecture(target, addition.WhichOneof('model'), 'model', where)
  for field, value in addition.ListFields():
    if _is_map(field):
      getattr(target, field.name).update(value)
    elif _is_repeated(field):
      items = getattr(target, field.name)
      items.extend([item for item in value if item not in items])
    elif field.message_type is not None:
      getattr(target, field.name).SetInParent()
      _merge_message(getattr(target, field.name), value, where)
    else:
      setattr(target, field.name, value)


def _refuse_other_architecture(model: Message, wanted: str | None, path: str, where: str) -> None:
  """Writing to another meta-architecture would silently empty the one that is there."""
  current = model.WhichOneof('model')
  if current and wanted and wanted != current and wanted in model.DESCRIPTOR.fields_by_name:
    raise ConfigError(f'{where}: {path}: the model is a {current}. Expected "model.{current}", received "{wanted}".')


def _is_repeated(field: FieldDescriptor) -> bool:
  return field.label == FieldDescriptor.LABEL_REPEATED


def _is_map(field: FieldDescriptor) -> bool:
  return field.message_type is not None and field.message_type.GetOptions().map_entry
