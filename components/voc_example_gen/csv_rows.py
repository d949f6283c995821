"""Reads the rows of a table of boxes, whichever columns it has, into one annotation for each file name."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from components.voc_example_gen import csv_columns, json_values
from components.voc_example_gen.annotation import (
  Annotation,
  BoxRule,
  Object,
  clean_label,
  sort_out,
  to_number,
  to_size,
)
from components.voc_example_gen.csv_columns import Columns, Form
from components.voc_example_gen.refusals import Reason, RefusedFileError

_SAMPLE = 100  # rows that tell the columns of a table without a header
_LINE = re.compile(r'[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z')
_DECIMAL_COMMA = re.compile(r'-?[0-9]+,[0-9]+')

Size = tuple[int | None, int | None]


class Table(NamedTuple):
  """What one table says.

  Attributes:
    annotations: one for each file name, in the order of their first rows.
    warnings: parts of sentences that go on after the file's name.
  """

  annotations: list[Annotation]
  warnings: list[str]


def read(text: str) -> Table:
  """Reads a table: with commas, or the semicolons or tabs that spreadsheets write in some countries.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if it lacks the columns, COLUMNS_UNCLEAR if its numbers have two readings.
    csv.Error: if a line cannot be read.
  """
  first, _, rest = text.partition('\n')
  if is_for_excel(first):
    text, first = rest, rest.partition('\n')[0]
  rows, unit, images = Rows(first, lines(text)), Unit(), Images()
  for row in rows:
    unit.add(row)
    images.add(row)
  relative = unit.is_relative(rows.columns)
  return Table(list(images.annotations(relative)), list(warnings(rows.columns, relative)))


def is_for_excel(first: str) -> bool:
  """Whether the first line is for Excel alone."""
  return first.lower().startswith('sep=')


def lines(text: str) -> Iterator[str]:
  """The lines of a text with their ends, as io.StringIO with newline='' gives them, which would hold it four times."""
  return (match.group() for match in _LINE.finditer(text))


class Row(NamedTuple):
  """A row of a table: the name and the size of its image, and its object if it has one."""

  name: str
  size: Size
  thing: Object | BoxRule | None


class Rows:
  """Reads the rows of a table that have a file's name. Errors as for `read`, raised while they are read.

  Attributes:
    columns: what the columns are.
  """

  def __init__(self, first: str, lines: Iterable[str]) -> None:
    """first: the first line, which tells what parts the columns; `lines` has it too."""
    delimiter = max(',;\t', key=first.count)
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    sample = list(itertools.islice(rows, _SAMPLE))
    columns = csv_columns.without_header(sample)
    if columns is None:
      header = next((place for place, row in enumerate(sample) if any(cell.strip() for cell in row)), 0)
      columns = csv_columns.by_header(sample[header] if sample else [])
      sample = sample[header + 1 :]
    self.columns, self._decimal_comma = columns, delimiter != ','
    self._rows = itertools.chain(sample, rows)

  def __iter__(self) -> Iterator[Row]:
    columns = self.columns
    for row in self._rows:
      if name := _cell(row, columns.file):
        size = (to_size(_cell(row, columns.width)), to_size(_cell(row, columns.height)))
        has_object = any(_cell(row, place) for place in (*columns.box, columns.label))
        yield Row(name, size, _object(row, columns, self._decimal_comma) if has_object else None)


class Unit:
  """Tells whether a table is in fractions: all corners are within [0, 1], and some between; no box of pixels is."""

  def __init__(self) -> None:
    self._within, self._between = True, False

  def add(self, row: Row) -> None:
    if self._within and isinstance(row.thing, Object):
      thing = row.thing
      for side in (thing.xmin, thing.ymin, thing.xmax, thing.ymax):
        self._within = self._within and 0 <= side <= 1
        self._between = self._between or 0 < side < 1

  def is_relative(self, columns: Columns) -> bool:
    """Whether it is. Raises RefusedFileError, COLUMNS_UNCLEAR, if that leaves two readings."""
    relative = self._within and self._between
    if relative and not columns.is_certain:
      raise RefusedFileError(
        Reason.COLUMNS_UNCLEAR,
        f'{columns.names}: fractions, and nothing says whether the first two are a corner or the centre',
      )
    return relative


class Images:
  """Puts the rows of each image together, in the order of their first rows."""

  def __init__(self) -> None:
    self._things: dict[str, list[Object | BoxRule]] = {}
    self._sizes: dict[str, Size] = {}

  def add(self, row: Row) -> None:
    if self._sizes.setdefault(row.name, row.size) != row.size:
      self._sizes[row.name] = (None, None)  # rows that contradict each other
    things = self._things.setdefault(row.name, [])
    if row.thing is not None:
      things.append(row.thing)

  def annotations(self, relative: bool) -> Iterator[Annotation]:
    """relative: whether corners are fractions."""
    for name, things in self._things.items():
      objects, dropped = sort_out(things)
      width, height = self._sizes[name]
      yield Annotation(objects, width, height, filename=name, relative=relative, dropped=dropped)


def _cell(row: Sequence[str], place: int | None) -> str:
  return row[place].strip() if place is not None and place < len(row) else ''


def _object(row: Sequence[str], columns: Columns, decimal_comma: bool) -> Object | BoxRule:
  label = csv_columns.ONE_CLASS if columns.label is None else clean_label(_cell(row, columns.label))
  if not label:
    return BoxRule.UNNAMED
  if any(cell.strip() for cell in row[columns.count :]):
    return BoxRule.MISSING  # a comma too many: no column is where it should be
  numbers = _numbers(row, columns, decimal_comma)
  if numbers is None:
    return BoxRule.MISSING
  a, b, c, d = numbers
  if columns.form is not Form.CORNERS:
    if c < 0 or d < 0:
      return BoxRule.EMPTY
    if columns.form is Form.CENTRED:
      a, b = a - c / 2, b - d / 2
    c, d = a + c, b + d
  difficult, truncated = (json_values.flag(_cell(row, place)) for place in (columns.difficult, columns.truncated))
  # No table says the unit of its angles.
  turned = None if to_number(_cell(row, columns.turned)) else 0.0
  return Object(label, a, b, c, d, difficult=difficult, truncated=truncated, turned=turned)


def _numbers(row: Sequence[str], columns: Columns, decimal_comma: bool) -> tuple[float, float, float, float] | None:
  """The four numbers of a box; None if there are others, or words."""
  if len(columns.box) == 1:
    texts = re.split(r'[\s,;]+', _cell(row, columns.box[0]).strip('[](){} '))
  else:
    texts = [_cell(row, place) for place in columns.box]
  if decimal_comma:
    texts = [text.replace(',', '.') if _DECIMAL_COMMA.fullmatch(text) else text for text in texts]
  numbers = [to_number(text) for text in texts]
  if len(numbers) != 4:
    return None
  a, b, c, d = numbers
  return None if a is None or b is None or c is None or d is None else (a, b, c, d)


def warnings(columns: Columns, relative: bool) -> Iterator[str]:
  """Parts of sentences about a whole table."""
  if columns.label is None:
    yield f'no column tells the class, so that every object is called "{csv_columns.ONE_CLASS}"'
  if columns.form is not Form.CORNERS and columns.names:
    yield f'{columns.names}: read as {columns.form.value}'
  if relative:
    yield "all corners are between 0 and 1, and are read as fractions of the image's sides"
