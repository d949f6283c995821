"""The flat table that labelImg tutorials make: filename,width,height,class,xmin,ymin,xmax,ymax, a row per object."""

import csv
import dataclasses
import io
from collections.abc import Iterable, Mapping
from typing import TextIO

from components.voc_example_gen import entries
from components.voc_example_gen.annotation import (
  Annotation,
  BoxRule,
  Object,
  clean_label,
  sort_out,
  to_corners,
  to_size,
)
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError, read_annotation_file

MAX_BYTES = 2**30
COLUMNS = ('filename', 'width', 'height', 'class', 'xmin', 'ymin', 'xmax', 'ymax')
_NEEDED = frozenset(COLUMNS) - {'width', 'height'}


def find(tree: Tree) -> DatasetIndex:
  """Reads every such table of the folder.

  A row with a file name and all else empty is a negative. An image that no row names is not annotated.
  """
  files: list[tuple[str, list[Annotation]]] = []
  refused: list[Refusal] = []
  for file in tree.with_suffix('.csv'):
    try:
      files.append((file.path, parse(read_annotation_file(tree.root, file.path, MAX_BYTES))))
    except RefusedFileError as error:
      if error.reason != Reason.NOT_AN_ANNOTATION:
        refused.append(Refusal(file.path, error.reason, error.detail))
  index = entries.match('csv', files, [image.path for image in tree.images])
  return dataclasses.replace(index, refused=(*refused, *index.refused))


def parse(content: bytes) -> list[Annotation]:
  """Reads the bytes of one table.

  Returns:
    One annotation for each file name, in the order of their first rows.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if the first line lacks the columns, ANNOTATION_MALFORMED if a later line cannot
      be read.
  """
  try:
    text = content.decode('utf-8-sig')
    reader = csv.DictReader(io.StringIO(text, newline=''), dialect=_dialect(text))
    header = [(name or '').strip().lower() for name in reader.fieldnames or ()]
    if not set(header) >= _NEEDED:
      raise RefusedFileError(Reason.NOT_AN_ANNOTATION, f'no such table: expected the columns {",".join(COLUMNS)}')
    reader.fieldnames = header
    return _annotations(reader)
  except (csv.Error, UnicodeDecodeError) as error:
    raise RefusedFileError(Reason.ANNOTATION_MALFORMED, str(error)) from error


def _dialect(text: str) -> type[csv.Dialect]:
  """Comma, or the semicolon or tab that spreadsheets write in some countries."""
  first = text.partition('\n')[0]

  class Dialect(csv.excel):
    delimiter = max(',;\t', key=first.count)

  return Dialect


def _annotations(rows: Iterable[Mapping[str, str]]) -> list[Annotation]:
  by_name: dict[str, list[Object | BoxRule]] = {}
  sizes: dict[str, tuple[int | None, int | None]] = {}
  for row in rows:
    name = (row['filename'] or '').strip()
    if not name:
      continue
    results = by_name.setdefault(name, [])
    sizes.setdefault(name, (to_size(row.get('width')), to_size(row.get('height'))))
    if any((row[column] or '').strip() for column in ('class', 'xmin', 'ymin', 'xmax', 'ymax')):
      results.append(_object(row))
  return [_annotation(name, *sizes[name], results) for name, results in by_name.items()]


def _annotation(name: str, width: int | None, height: int | None, results: list[Object | BoxRule]) -> Annotation:
  objects, dropped = sort_out(results)
  return Annotation(objects=objects, width=width, height=height, filename=name, dropped=dropped)


def _object(row: Mapping[str, str]) -> Object | BoxRule:
  label = clean_label(row['class'])
  if not label:
    return BoxRule.UNNAMED
  corners = to_corners(row[side] for side in ('xmin', 'ymin', 'xmax', 'ymax'))
  return BoxRule.MISSING if corners is None else Object(label, *corners)


class Writer:
  """Writes the table, a row at a time; images without objects get a row with empty cells, so that they are not lost."""

  def __init__(self, file: TextIO) -> None:
    self._rows = csv.writer(file, lineterminator='\n')
    self._rows.writerow(COLUMNS)

  def add(self, filename: str, width: int, height: int, boxes: Iterable[tuple[str, tuple[float, ...]]]) -> None:
    """Adds one image. boxes: (class, (xmin, ymin, xmax, ymax) in pixels); whole numbers are written as such."""
    rows = [(label, *(f'{side:.10g}' for side in corners)) for label, corners in boxes]
    for row in rows or [('', '', '', '', '')]:
      self._rows.writerow((filename, width, height, *row))


READER = Reader('csv', preference=4, expected=f'a .csv file with the columns {",".join(COLUMNS)}', find=find)
