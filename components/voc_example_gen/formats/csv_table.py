"""The flat table that labelImg tutorials make: filename,width,height,class,xmin,ymin,xmax,ymax, a row per object."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TextIO

from components.voc_example_gen import storage
from components.voc_example_gen.formats import coco, matching
from components.voc_example_gen.formats.annotation import (
  Annotation,
  BoxRule,
  Object,
  Reason,
  Refused,
  clean_label,
  to_number,
  to_size,
)
from components.voc_example_gen.formats.found import Found, Item, Refusal
from components.voc_example_gen.scan import Tree

MAX_BYTES = 2**30
COLUMNS = ('filename', 'width', 'height', 'class', 'xmin', 'ymin', 'xmax', 'ymax')
_NEEDED = frozenset(COLUMNS) - {'width', 'height'}


def find(tree: Tree) -> Found:
  """Reads every such table of the folder. Images that no row names are not annotated: the table cannot tell negatives.

  A row with a file name and all else empty is a negative.
  """
  names = matching.Names(image.path for image in tree.images)
  items, refused = [], []
  for file in tree.with_suffix('.csv'):
    try:
      content = storage.read(tree.root, file.path, MAX_BYTES, Reason.ANNOTATION_UNREADABLE, Reason.ANNOTATION_TOO_LARGE)
      annotations = parse(content)
    except Refused as reason:
      if reason.reason != Reason.NOT_AN_ANNOTATION:
        refused.append(Refusal(file.path, reason.reason, reason.detail))
      continue
    for annotation in annotations:
      image = names.take(file.path, annotation.filename)
      if image:
        items.append(Item(image, annotation=annotation, split_hint=coco.split_hint(file.path)))
      else:
        refused.append(matching.refuse_alone(file.path, annotation.filename, names))
  return Found('csv', tuple(items), tuple(refused))


def parse(content: bytes) -> list[Annotation]:
  """Reads the bytes of one table.

  Returns:
    One annotation for each file name, in the order of their first rows.

  Raises:
    Refused: NOT_AN_ANNOTATION if the first line lacks the columns, ANNOTATION_MALFORMED if it cannot be read on.
  """
  try:
    text = content.decode('utf-8-sig')
    reader = csv.DictReader(io.StringIO(text, newline=''), dialect=_dialect(text))
    header = [(name or '').strip().lower() for name in reader.fieldnames or ()]
    if not set(header) >= _NEEDED:
      raise Refused(Reason.NOT_AN_ANNOTATION, f'no such table: expected the columns {",".join(COLUMNS)}')
    reader.fieldnames = header
    return _annotations(reader)
  except (csv.Error, UnicodeDecodeError) as error:
    raise Refused(Reason.ANNOTATION_MALFORMED, str(error)) from error


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
  return [
    Annotation(
      objects=tuple(result for result in results if isinstance(result, Object)),
      width=sizes[name][0],
      height=sizes[name][1],
      filename=name,
      dropped=tuple(result for result in results if isinstance(result, BoxRule)),
    )
    for name, results in by_name.items()
  ]


def _object(row: Mapping[str, str]) -> Object | BoxRule:
  label = clean_label(row['class'])
  if not label:
    return BoxRule.UNNAMED
  corners = [to_number(row[side]) for side in ('xmin', 'ymin', 'xmax', 'ymax')]
  return BoxRule.MISSING if None in corners else Object(label, *corners)


class Writer:
  """Writes the table, a row at a time; images without objects get a row with empty cells, so that none is lost."""

  def __init__(self, file: TextIO) -> None:
    self._rows = csv.writer(file, lineterminator='\n')
    self._rows.writerow(COLUMNS)

  def add(self, filename: str, width: int, height: int, boxes: Iterable[tuple[str, tuple[float, ...]]]) -> None:
    """Adds one image. boxes: (class, (xmin, ymin, xmax, ymax) in pixels); whole numbers are written as such."""
    rows = [(label, *(f'{side:.10g}' for side in corners)) for label, corners in boxes]
    for row in rows or [('', '', '', '', '')]:
      self._rows.writerow((filename, width, height, *row))
