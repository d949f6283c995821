"""Tables of boxes of a large folder: a worker reads one line by line, others put the rows of some images together."""

import codecs
import csv
import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple

from components.voc_example_gen import csv_rows, open_images
from components.voc_example_gen.formats import csv_table
from components.voc_example_gen.refusals import Reason, RefusedFileError, opened_annotation_file
from components.voc_example_gen.spread import exchange, item_rows, work_list
from components.voc_example_gen.spread.read_file import ReadFile
from components.voc_example_gen.spread.spread_entries import Entry, Named, part_of_name
from components.voc_example_gen.spread.spread_parts import UnclearError

_BLOCK = 2**20  # bytes
_RUN = 50_000  # rows that are held before they are written
_LONGEST = 2**23  # bytes of a line, or of a table of class names


class Read(NamedTuple):
  """What one table is.

  Attributes:
    refused: why it is not used; None if it is.
    runs: exchange files with its rows, by the names of images.
    rows: how many these are.
    relative: whether its corners are fractions.
    warnings: see csv_rows.Table.
    names: see open_images.class_names; if there are any, it is no table of boxes.
    is_clear: whether it can be read line by line; if not, nothing else counts.
  """

  refused: tuple[Reason, str] | None = None
  runs: tuple[str, ...] = ()
  rows: int = 0
  relative: bool = False
  warnings: tuple[str, ...] = ()
  names: Mapping[str, str] = {}
  is_clear: bool = True


class ReadTable(ReadFile):
  """Reads one table."""

  result = Read

  def read(self) -> Read:
    try:
      with opened_annotation_file(self.root, self.path, csv_table.MAX_BYTES) as file:
        return self._read(_lines(file))
    except csv.Error as error:
      raise RefusedFileError(Reason.ANNOTATION_MALFORMED, str(error)) from error

  def _read(self, lines: Iterator[str]) -> Read:
    first = _first(lines)
    if open_images.may_be_names(first.rstrip('\n')):
      lines = iter(list(_short(lines)))
      lines, again = itertools.tee(lines)
      if names := open_images.class_names(first + ''.join(again)):
        return Read(names=names)
    if csv_rows.is_for_excel(first):
      first = _first(lines)
    rows, unit = csv_rows.Rows(first, itertools.chain([first], lines)), csv_rows.Unit()
    runs = exchange.Runs(self.output, _RUN)
    for row in rows:
      unit.add(row)
      thing = None if row.thing is None else item_rows.of_thing(row.thing)
      runs.add(part_of_name(row.name), (runs.count, row.name, row.size, thing))
    relative = unit.is_relative(rows.columns)
    runs.flush()
    return Read(None, tuple(runs.paths), runs.count, relative, tuple(csv_rows.warnings(rows.columns, relative)))


def _lines(file: IO[bytes]) -> Iterator[str]:
  """The lines of a text in UTF-8, as csv_rows.lines gives them; raises UnclearError for any other text."""
  decoder = codecs.getincrementaldecoder('utf-8')()
  rest, is_first = '', True
  while block := file.read(_BLOCK):
    if b'\0' in block:
      raise UnclearError
    try:
      text = rest + decoder.decode(block.removeprefix(codecs.BOM_UTF8) if is_first else block)
    except UnicodeDecodeError as error:
      raise UnclearError from error
    is_first = False
    end = text.rfind('\n') + 1
    rest = text[end:]
    if len(rest) > _LONGEST:
      raise UnclearError
    yield from csv_rows.lines(text[:end])
  try:
    yield from csv_rows.lines(rest + decoder.decode(b'', final=True))
  except UnicodeDecodeError as error:
    raise UnclearError from error


def _first(lines: Iterator[str]) -> str:
  """The next line; UnclearError if its end is not everywhere taken for one."""
  first = next(lines, '')
  if first.endswith('\r'):
    raise UnclearError
  return first


def _short(lines: Iterator[str]) -> Iterator[str]:
  """These lines, which may be held; UnclearError if they may not."""
  size = 0
  for line in lines:
    size += len(line)
    if size > _LONGEST:
      raise UnclearError
    yield line


class File(NamedTuple):
  """A table that is used: its place among all, and what of its Read is needed."""

  number: int
  runs: tuple[str, ...]
  relative: bool


@dataclasses.dataclass(frozen=True)
class Join:
  """Puts the rows of some images together.

  Attributes:
    files: a file with a list of Files, and the names of classes for their codes.
    parts: numbers of the parts.
    output: gets the Entries; and, with the ending .found, a Named for each file.
  """

  files: str
  parts: tuple[int, ...]
  output: str

  def __call__(self) -> None:
    files, names = work_list.load(self.files)
    entries: dict[int, list[exchange.Row]] = defaultdict(list)
    found = []
    for file in files:
      images = csv_rows.Images()
      place_of: dict[str, int] = {}
      for place, name, size, thing in sorted(exchange.load(file.runs, self.parts), key=lambda row: row[0]):
        images.add(csv_rows.Row(name, size, None if thing is None else item_rows.to_thing(thing)))
        place_of.setdefault(name, place)
      for annotation in open_images.named(images.annotations(file.relative), names):
        name = annotation.filename
        entry = Entry(file.number, place_of[name], item_rows.of_annotation(annotation))
        entries[part_of_name(name)].append(tuple(entry))
      found.append(Named(file.number, len(place_of)))
    exchange.save(self.output, entries)
    work_list.save_at(f'{self.output}.found', tuple(found))
