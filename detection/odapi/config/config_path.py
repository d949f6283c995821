"""Reading and writing fields of a pipeline.config by dotted path.

A path names fields as the text proto does: `train_config.optimizer.momentum_optimizer.learning_rate`. An item of a
repeated field is reached by its index, `eval_input_reader.0.shuffle` or `eval_input_reader[0].shuffle`, an entry of a
map by its key. Values are what YAML and JSON give: mappings, lists, strings, numbers, booleans, null.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from object_detection.protos import model_pb2

from detection.base import suggest
from detection.base.errors import ConfigError
from detection.odapi.config import descriptors, scalars
from detection.odapi.config.config_io import Config, parse, parse_into

_WHERE = 'pipeline.config'


@dataclasses.dataclass(frozen=True)
class _Position:
  """Where in a config something is read or written, for messages.

  root: the message that the user's path begins at.
  where: the file and section the user wrote it in.
  path: from the root to here, dotted.
  """

  root: Message
  where: str
  path: str = ''

  def below(self, path: str | int) -> '_Position':
    return dataclasses.replace(self, path=f'{self.path}.{path}' if self.path else str(path))

  def error(self, reason: str) -> ConfigError:
    return ConfigError(f'{self.where}: {self.path}: {reason}')


def get(config: Config, path: str, where: str = _WHERE) -> Any:
  """The value at `path`: a number, string, boolean, message, or the list of a repeated field.

  A field that is not set gives its default; an enum gives the name of its value.

  Raises:
    ConfigError: if there is no such field or item.
  """
  at = _Position(config, where, path)
  parent, field, selector = _find(config, path, at)
  value = getattr(parent, field.name)
  if selector is not None:
    value = value[_selector(parent, field, selector, at)]
  elif descriptors.is_repeated(field) and not descriptors.is_map(field):
    return [descriptors.plain(field, item) for item in value]
  return descriptors.plain(field, value)


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
  _put(config, path, value, _Position(config, where))


def apply(config: Config, overrides: Mapping[str, Any], where: str = _WHERE) -> None:
  """Sets every path of `overrides`, in the order of the paths, so that a message comes before its fields. See `put`."""
  for path in sorted(overrides):
    put(config, path, overrides[path], where)


def merge(config: Config, fragment: str, where: str = _WHERE) -> None:
  """Merges a text proto fragment of a pipeline.config, as `put` would: what is in a repeated field is not added again.

  The one item of `eval_input_reader` in a fragment is merged into the config's own: the OD API reads the first alone.
  """
  addition, at = parse(fragment, where), _Position(config, where)
  if len(config.eval_input_reader) == 1 and len(addition.eval_input_reader) == 1:
    _merge_message(config.eval_input_reader[0], addition.eval_input_reader[0], at)
    addition.ClearField('eval_input_reader')
  _merge_message(config, addition, at)


def set_paths(message: Message, prefix: str = '') -> Iterator[tuple[str, FieldDescriptor, Any]]:
  """Every set leaf below `message` as (dotted path, field, value). An empty message is a leaf too, with value None."""
  for field, value in message.ListFields():
    path = f'{prefix}{field.name}'
    if descriptors.is_map(field):
      for key in sorted(value):
        yield f'{path}.{key}', field, value[key]
    elif descriptors.is_repeated(field):
      for index, item in enumerate(value):
        yield from _leaf(f'{path}.{index}', field, item)
    else:
      yield from _leaf(path, field, value)


def _leaf(path: str, field: FieldDescriptor, value: Any) -> Iterator[tuple[str, FieldDescriptor, Any]]:
  if field.message_type is None:
    yield path, field, descriptors.plain(field, value)
  elif value.ListFields():
    yield from set_paths(value, f'{path}.')
  else:
    yield path, field, None


def _put(message: Message, path: str, value: Any, parent_at: _Position) -> None:
  """Sets the field at `path` below `message`, which is at `parent_at`; see `put`."""
  at = parent_at.below(path)
  if at.root.DESCRIPTOR is Config.DESCRIPTOR and at.path.startswith('model.'):
    _refuse_other_architecture(at.root.model, at.path.split('.')[1], at)
  parent, field, selector = _find(message, path, at)
  if value is None:
    _clear(parent, field, selector, at)
  elif descriptors.is_map(field):
    _put_map(parent, field, selector, value, at)
  elif not descriptors.is_repeated(field):
    _put_single(parent, field, value, at)
  elif selector is None:
    _put_list(parent, field, value, at)
  else:
    _put_item(parent, field, _selector(parent, field, selector, at), value, at)


def _clear(parent: Message, field: FieldDescriptor, selector: str | None, at: _Position) -> None:
  if selector is None:
    parent.ClearField(field.name)
  elif descriptors.is_map(field):
    getattr(parent, field.name).pop(selector, None)
  else:
    del getattr(parent, field.name)[_selector(parent, field, selector, at)]


def _put_single(parent: Message, field: FieldDescriptor, value: Any, at: _Position) -> None:
  if field.message_type is not None:
    _fill(getattr(parent, field.name), value, at)
  else:
    setattr(parent, field.name, _scalar(field, value, at))


def _put_item(parent: Message, field: FieldDescriptor, index: int, value: Any, at: _Position) -> None:
  items = getattr(parent, field.name)
  if field.message_type is not None:
    _fill(items[index], value, at)
  else:
    items[index] = _scalar(field, value, at)


def _put_list(parent: Message, field: FieldDescriptor, value: Any, at: _Position) -> None:
  """Replaces a repeated field by a list, or adds to it what {'append': [...]} lists and it does not hold yet."""
  is_append = isinstance(value, Mapping) and set(value) == {'append'}
  listed = value['append'] if is_append else value
  if not isinstance(listed, list | tuple):
    raise at.error(f'expected a list, {{append: [...]}} or null, received {value!r}.')
  made = [_item(parent, field, item, at.below(index)) for index, item in enumerate(listed)]
  if is_append:
    _add_missing(getattr(parent, field.name), made)
  else:
    parent.ClearField(field.name)
    getattr(parent, field.name).extend(made)


def _item(parent: Message, field: FieldDescriptor, value: Any, at: _Position) -> Any:
  """A new item of a repeated field, not yet in it."""
  if field.message_type is None:
    return _scalar(field, value, at)
  item = getattr(type(parent)(), field.name).add()
  _fill(item, value, at)
  return item


def _put_map(parent: Message, field: FieldDescriptor, key: str | None, value: Any, at: _Position) -> None:
  """Replaces all entries of a map, or with a key sets that one."""
  given = value if key is None else {key: value}
  if not isinstance(given, Mapping):
    raise at.error(f'expected a mapping, received {value!r}.')
  value_field = field.message_type.fields_by_name['value']
  made = {str(name): _scalar(value_field, item, at) for name, item in given.items()}
  if key is None:
    parent.ClearField(field.name)
  getattr(parent, field.name).update(made)


def _fill(message: Message, value: Any, at: _Position) -> None:
  """Sets a message's fields from a mapping of dotted paths, or merges a text proto fragment into it."""
  message.SetInParent()
  if isinstance(value, Mapping):
    for path, inner in value.items():
      _put(message, str(path), inner, at)
  elif isinstance(value, str):
    _merge_message(message, parse_into(value, type(message)(), f'{at.where}: {at.path}'), at)
  else:
    raise at.error(f'expected a mapping of fields or a text proto, received {value!r}.')


def _scalar(field: FieldDescriptor, value: Any, at: _Position) -> Any:
  try:
    return scalars.parse(field, value)
  except ValueError as error:
    raise at.error(f'expected {error}, received {value!r}.') from error


def _find(message: Message, path: str, at: _Position) -> tuple[Message, FieldDescriptor, str | None]:
  """The message that holds the last field of `path`, that field, and the index or key behind it, if any.

  Args:
    message: what `path` begins at.
    path: below the message.
    at: the position of the path's end, for messages.
  """
  names = iter(re.sub(r'\[([^\]]*)\]', r'.\1', path).split('.'))
  name: str | None = next(names)
  while True:
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
      raise _unknown(at)
    selector = next(names, None) if descriptors.is_repeated(field) else None
    name = next(names, None)
    if name is None:
      return message, field, selector
    if field.message_type is None or descriptors.is_map(field):
      raise at.error(f'"{field.name}" has no fields below it.')
    inner = getattr(message, field.name)
    message = inner if selector is None else inner[_selector(message, field, selector, at)]


def _selector(parent: Message, field: FieldDescriptor, selector: str, at: _Position) -> Any:
  """The key of a map's entry, or the index of a list's item. Raises ConfigError if there is no such entry."""
  items = getattr(parent, field.name)
  if descriptors.is_map(field):
    if selector in items:
      return selector
    raise at.error(f'no key "{selector}". Known: {", ".join(sorted(items)) or "none"}.')
  if selector.isascii() and selector.isdigit() and int(selector) < len(items):
    return int(selector)
  raise at.error(
    f'"{field.name}" is a list of {len(items)}. Expected an index below {len(items)} after it, '
    f'received "{selector}". To add an item: {{append: [...]}}.'
  )


def _unknown(at: _Position) -> ConfigError:
  hint = suggest.hint(at.path, list(descriptors.known_paths(at.root)), listed=at.root.DESCRIPTOR.fields_by_name)
  return ConfigError(f'{at.where}: no field "{at.path}" in pipeline.config; {hint}.')


def _merge_message(target: Message, addition: Message, at: _Position) -> None:
  """Sets in `target` what is set in `addition`; to repeated fields, only what they do not hold yet is added."""
  if isinstance(target, model_pb2.DetectionModel):
    _refuse_other_architecture(target, addition.WhichOneof('model'), dataclasses.replace(at, path='model'))
  for field, value in addition.ListFields():
    if descriptors.is_map(field):
      getattr(target, field.name).update(value)
    elif descriptors.is_repeated(field):
      _add_missing(getattr(target, field.name), value)
    elif field.message_type is not None:
      getattr(target, field.name).SetInParent()
      _merge_message(getattr(target, field.name), value, at)
    else:
      setattr(target, field.name, value)


def _add_missing(items: Any, additions: Iterable[Any]) -> None:
  """Adds to a repeated field what it did not hold before."""
  items.extend([item for item in additions if item not in items])


def _refuse_other_architecture(model: Message, requested: str | None, at: _Position) -> None:
  """Writing to another meta-architecture would silently empty the one that is there."""
  current = model.WhichOneof('model')
  if current and requested and requested != current and requested in model.DESCRIPTOR.fields_by_name:
    raise at.error(f'the model is a {current}. Expected "model.{current}", received "{requested}".')
