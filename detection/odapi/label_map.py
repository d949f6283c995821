"""label_map.pbtxt, the OD API's StringIntLabelMap, as a plain dict {class name: id}.

Several names may share an id: the OD API's reader then counts their objects as one class, with the first name
(object_detection/utils/label_map_util.py, convert_label_map_to_categories). Only `parse_shared` takes such a map.
"""

from collections.abc import Mapping

from google.protobuf import text_format
from object_detection.protos import string_int_label_map_pb2

from detection.base.errors import DataError


def parse(text: str, where: str = 'label map') -> dict[str, int]:
  """Reads the text of a label_map.pbtxt in which every class has one name.

  Args:
    text: the file's content.
    where: the file's name, for messages.

  Returns:
    {name: id} in the order of ids, which are 1 or more. An item's `name` counts; without it, `display_name`.

  Raises:
    DataError: if the text does not parse, an id or name is missing or appears twice, or an id is below 1.
  """
  labels = parse_shared(text, where)
  names = categories(labels)
  for name, number in labels.items():
    if name not in names:
      raise DataError(f'{where}: the id {number} appears twice, the second time for "{name}".')
  return labels


def parse_shared(text: str, where: str = 'label map') -> dict[str, int]:
  """Like `parse`, but names may share an id; those that do keep the file's order."""
  message = string_int_label_map_pb2.StringIntLabelMap()
  try:
    text_format.Parse(text, message)
  except text_format.ParseError as error:
    raise DataError(f'{where}: not a label map: {error}. Expected items like: item {{ id: 1 name: "cat" }}') from error
  labels: dict[str, int] = {}
  for item in message.item:
    name = item.name or item.display_name
    if not name:
      raise DataError(f'{where}: item with id {item.id} has no name.')
    if item.id < 1:
      raise DataError(f'{where}: "{name}" has id {item.id}. Expected 1 or more: 0 is the background.')
    if name in labels:
      raise DataError(f'{where}: the name "{name}" appears twice.')
    labels[name] = item.id
  return dict(sorted(labels.items(), key=lambda pair: pair[1]))


def categories(labels: Mapping[str, int]) -> dict[str, int]:
  """{name: id} with the first of the names that share an id."""
  first: dict[int, str] = {}
  for name, number in labels.items():
    first.setdefault(number, name)
  return {name: number for number, name in first.items()}


def dump(labels: Mapping[str, int]) -> str:
  """The text of label_map.pbtxt for {name: id}, in the order of ids; names that share an id keep their order."""
  message = string_int_label_map_pb2.StringIntLabelMap()
  for name, number in sorted(labels.items(), key=lambda pair: pair[1]):
    message.item.add(name=name, id=number)
  return text_format.MessageToString(message, as_utf8=True)
