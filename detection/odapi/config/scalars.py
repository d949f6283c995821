"""Single values of pipeline.config's fields, from what YAML and the command line give."""

import math
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

_UNSIGNED = frozenset({FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64})
_INTEGERS = _UNSIGNED | {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64}
_BOOLEANS = {'true': True, 'false': False}


def parse(field: FieldDescriptor, value: Any) -> Any:
  """`value` as the field holds it, by protobuf's own JSON rules.

  Args:
    field: of numbers, booleans, strings or an enum, repeated or not.
    value: one number, string or boolean; YAML reads `1e-3`, and `--set` reads everything, as a string.

  Raises:
    ValueError: its text says what was expected.
  """
  made = field.containing_type._concrete_class()
  is_repeated = field.label == FieldDescriptor.LABEL_REPEATED
  try:
    json = _as_json(field, value)
    json_format.ParseDict({field.name: [json] if is_repeated else json}, made)
  except (json_format.ParseError, TypeError, ValueError, OverflowError) as error:
    raise ValueError(_expected(field)) from error
  parsed = getattr(made, field.name)
  return parsed[0] if is_repeated else parsed


def _as_json(field: FieldDescriptor, value: Any) -> Any:
  """`value` as JSON has it. Raises TypeError or ValueError for mistakes that protobuf takes: True or infinity for 1."""
  kind = field.cpp_type
  if kind == FieldDescriptor.CPPTYPE_STRING:
    return value
  if kind == FieldDescriptor.CPPTYPE_BOOL:
    return _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value
  if isinstance(value, bool):
    raise TypeError
  if kind == FieldDescriptor.CPPTYPE_ENUM:
    if not isinstance(value, int | str):
      raise TypeError
    return value
  number = float(value) if isinstance(value, str) else value
  if not math.isfinite(number):
    raise ValueError
  return number


def _expected(field: FieldDescriptor) -> str:
  kind = field.cpp_type
  if kind == FieldDescriptor.CPPTYPE_ENUM:
    return 'one of ' + ', '.join(value.name for value in field.enum_type.values)
  if kind in _INTEGERS:
    return f'a whole number{" of 0 or more" if kind in _UNSIGNED else ""} in range'
  named = {FieldDescriptor.CPPTYPE_BOOL: 'true or false', FieldDescriptor.CPPTYPE_STRING: 'a string'}
  return named.get(kind, 'a finite number')
