"""The flat table that labelImg tutorials make: filename,width,height,class,xmin,ymin,xmax,ymax, a row per object.

Tables of other exporters with the same content are read too: see csv_columns.py.
"""

import csv
import dataclasses
from collections.abc import Iterable
from typing import TextIO

from components.voc_example_gen import csv_rows, entries, open_images, plain_text
from components.voc_example_gen.csv_rows import Table
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError, read_annotation_file

MAX_BYTES = 2**30
COLUMNS = ('filename', 'width', 'height', 'class', 'xmin', 'ymin', 'xmax', 'ymax')


def find(tree: Tree) -> DatasetIndex:
  """Reads every such table of the folder.

  A row with a file name and all else empty is a negative. An image that no row names is not annotated.
  """
  tables: list[tuple[str, Table]] = []
  refused: list[Refusal] = []
  class_names: dict[str, str] = {}
  for file in tree.with_suffix('.csv'):
    try:
      text = _decode(read_annotation_file(tree.root, file.path, MAX_BYTES))
      if names := open_images.class_names(text.text):
        class_names |= names
      else:
        tables.append((file.path, _parse(text)))
    except RefusedFileError as error:
      refused.append(refuse(file.path, error.reason, error.detail))
  warnings = [f'{path}: {warning}.' for path, table in tables for warning in table.warnings]
  files = [(path, list(open_images.named(table.annotations, class_names))) for path, table in tables]
  index = entries.match('csv', files, [image.path for image in tree.images])
  return dataclasses.replace(
    index, refused=(*refused, *index.refused), warnings=tuple(dict.fromkeys((*index.warnings, *warnings)))
  )


def refuse(path: str, reason: Reason, detail: str) -> Refusal:
  """Refuses a file that is not read; a table of another kind is no fault."""
  return Refusal(path, Reason.NOT_FOR_DETECTION if reason == Reason.NOT_AN_ANNOTATION else reason, detail)


def parse(content: bytes) -> Table:
  """Reads the bytes of one table.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if it lacks the columns, COLUMNS_UNCLEAR if several may be meant,
      ANNOTATION_MALFORMED if a line cannot be read.
  """
  return _parse(_decode(content))


def _decode(content: bytes) -> plain_text.Text:
  try:
    return plain_text.decode(content)
  except UnicodeError as error:
    raise RefusedFileError(Reason.ANNOTATION_MALFORMED, str(error)) from error


def _parse(text: plain_text.Text) -> Table:
  try:
    table = csv_rows.read(text.text)
  except csv.Error as error:
    raise RefusedFileError(Reason.ANNOTATION_MALFORMED, str(error)) from error
  guess = [f'it is not UTF-8, and is read as {text.guessed}'] if text.guessed else []
  return table._replace(warnings=[*guess, *table.warnings])


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


READER = Reader(
  'csv',
  preference=4,
  expected=f'a .csv file with the columns {",".join(COLUMNS)}',
  find=find,
  box_form='xmin, ymin, xmax, ymax are read as two corners, and x, y, width, height as one corner and a size',
)
