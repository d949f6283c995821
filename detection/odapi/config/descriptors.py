"""What a protobuf field is, and which fields a message has."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message


def is_repeated(field: FieldDescriptor) -> bool:
  """Whether it holds a list, or is a map."""
  return field.label == FieldDescriptor.LABEL_REPEATED


def is_map(field: FieldDescriptor) -> bool:
  """Whether it is a map, which protobuf keeps as a list of entries."""
  return field.message_type is not None and field.message_type.GetOptions().map_entry


def plain(field: FieldDescriptor, value: Any) -> Any:
  """A field's value as YAML would have it: an enum by the name of its value."""
  if field.enum_type is not None and isinstance(value, int):
    return field.enum_type.values_by_number[value].name
  return value


def known_paths(message: Message, prefix: str = '') -> Iterator[str]:
  """Every field, set or not, of every message that is set below `message`."""
  for field in message.DESCRIPTOR.fields:
    path = f'{prefix}{field.name}'
    yield path
    if field.message_type is None or is_map(field):
      continue
    if is_repeated(field):
      for index, item in enumerate(getattr(message, field.name)):
        yield from known_paths(item, f'{path}.{index}.')
    elif message.HasField(field.name):
      yield from known_paths(getattr(message, field.name), f'{path}.')
