"""Class names of Open Images, whose tables of boxes hold codes such as /m/01g317."""

import csv
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping

from components.voc_example_gen.annotation import Annotation, clean_label

_CODE = re.compile(r'/[a-z]/[0-9a-z_]+')
_HEADER = ['labelname', 'displayname']


def is_code(label: str) -> bool:
  """Whether a class name is such a code."""
  return _CODE.fullmatch(label) is not None


def class_names(text: str) -> dict[str, str]:
  """{code: name} of class-descriptions-boxable.csv, a table of two columns; {} for any other text."""
  if not may_be_names(text.partition('\n')[0]):
    return {}
  names = {}
  for row in csv.reader(text.splitlines()):
    if len(row) != 2:
      return {}
    if is_code(row[0].strip()) and (name := clean_label(row[1])):
      names[row[0].strip()] = name
  return names


def may_be_names(first: str) -> bool:
  """Whether this is the first line of such a table."""
  cells = first.split(',')
  return is_code(cells[0].strip()) or [name.strip().lower() for name in cells] == _HEADER


def named(annotations: Iterable[Annotation], names: Mapping[str, str]) -> Iterator[Annotation]:
  """The annotations with names for their codes; a code without a name stays."""
  for annotation in annotations:
    objects = tuple(
      dataclasses.replace(thing, label=names[thing.label]) if thing.label in names else thing
      for thing in annotation.objects
    )
    yield dataclasses.replace(annotation, objects=objects)
