"""Tells what the columns of YOLO label files mean.

A row begins with the class number. Five columns are a box: centre and size as fractions of the image. Longer rows are,
without a word in the file:

  class x y w h confidence [track]                 detector and tracker output: the box of columns 2 to 5
  class x y w h, then x y or x y visibility ...    pose labels and output: the box of columns 2 to 5
  class x1 y1 x2 y2 x3 y3 ... [confidence]         polygons and oriented boxes: the upright box around the points

Rows with equally many columns mean the same in one data set, so all of them decide together. Pose labels are certain
where data.yaml has kpt_shape.
"""

import enum
import heapq
import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import plain_text, polygons
from components.voc_example_gen.refusals import Reason, RefusedFileError

Corners = tuple[float, float, float, float]
Keypoints = tuple[int, int]  # (how many, numbers for each)
BOX_COLUMNS = 5
_SAMPLE = 50  # rows of one length that are looked at
_MAX_POSE_COLUMNS = 400
_VARIED = 3  # lengths; pose labels of one data set have one, their output another
_NEARLY_ALL = 0.95
_MARGIN = 0.02  # of the image's side
_BEYOND = 0.5  # how far the corners of an oriented box may lie outside the image


class Row(NamedTuple):
  """A line of a label file: its number from 1, the class number, and the numbers after it."""

  line: int
  number: int
  values: tuple[float, ...]

  @property
  def columns(self) -> int:
    return len(self.values) + 1


class Layout(enum.Enum):
  """What the numbers after the class number are."""

  BOX = 'a box, maybe with confidence, track or keypoints'
  POLYGON = 'a polygon'
  POLYGON_WITH_CONFIDENCE = 'a polygon and a confidence'
  UNCLEAR = 'unclear'


def read(content: bytes) -> tuple[Row, ...]:
  """The rows of one label file.

  Raises:
    RefusedFileError: ANNOTATION_MALFORMED if it is no text, or a line is no list of at least five numbers.
  """
  try:
    lines = plain_text.decode(content).text.splitlines()
  except UnicodeError as error:
    raise RefusedFileError(Reason.ANNOTATION_MALFORMED, f'no text: {error}') from error
  return tuple(_row(line, number) for number, line in enumerate(lines, start=1) if line.strip())


def _row(line: str, number: int) -> Row:
  texts = line.split()
  try:
    fields = [float(text) for text in texts]
  except ValueError:
    fields = []
  if len(fields) < BOX_COLUMNS or fields[0] % 1 or not 0 <= fields[0] < 1e6:
    raise RefusedFileError(
      Reason.ANNOTATION_MALFORMED,
      f'line {number}: expected "class x y width height" with a class number from 0, received {line.strip()[:80]!r}',
    )
  return Row(number, int(fields[0]), tuple(fields[1:]))


class Readings(NamedTuple):
  """What a row is as a box and as a polygon, each (xmin, ymin, xmax, ymax) as fractions; its numbers are not kept.

  The maximum is below the minimum for a negative size. The last two tell whether the row can be read so.
  """

  line: int
  number: int
  columns: int
  box: Corners
  polygon: Corners
  may_be_box: bool
  may_be_polygon: bool


class Sample(NamedTuple):
  """A row that is looked at: of which label file, in which line, and its numbers after the class number.

  An array: numbers of a tuple take four times as much memory, and all samples of a data set are held at once.
  """

  path: str
  line: int
  values: 'array[float]'


def first(samples: Iterable[Sample]) -> list[Sample]:
  """Those of rows with equally many columns that decide: the first in order of their files."""
  return heapq.nsmallest(_SAMPLE, samples)


class Columns:
  """Decides the layout of all rows of one data set. First give it all rows, then ask for their corners.

  Attributes:
    keypoints: as declared, or None.
    samples: {columns: rows that decide}.
  """

  def __init__(self, keypoints: Keypoints | None, samples: Mapping[int, list[Sample]] | None = None) -> None:
    """samples: if all rows have been looked at already."""
    self.keypoints = keypoints
    self.samples: dict[int, list[Sample]] = defaultdict(list, samples or {})
    self._is_complete = samples is not None
    self._decided: dict[int, Layout] = {}

  def add(self, rows: Sequence[Row], path: str = '') -> tuple[Readings, ...]:
    """Looks at the rows of a label file, and returns what they may be; add files in order of their paths."""
    for row in rows if not self._is_complete else ():
      sample = self.samples[row.columns]
      if len(sample) < _SAMPLE:
        sample.append(Sample(path, row.line, array('d', row.values)))
    return tuple(map(_readings, rows))

  def corners(self, row: Readings) -> Corners:
    """(xmin, ymin, xmax, ymax) of a row.

    Raises:
      RefusedFileError: COLUMNS_UNCLEAR if it may be several boxes.
    """
    return row.box if self.layout(row) == Layout.BOX else row.polygon

  def layout(self, row: Readings) -> Layout:
    """The layout of one row; errors as for `corners`."""
    if row.columns == BOX_COLUMNS:
      return Layout.BOX
    if row.columns not in self._decided:
      self._decided[row.columns] = self._decide(row.columns)
    layout = self._decided[row.columns]
    fits = row.may_be_box if layout == Layout.BOX else row.may_be_polygon
    if layout == Layout.UNCLEAR or not (fits or self.keypoints):
      raise RefusedFileError(Reason.COLUMNS_UNCLEAR, f'line {row.line}: {self._expected(row.columns)}')
    return layout

  def _expected(self, columns: int) -> str:
    if self.keypoints:
      count, size = self.keypoints
      return f'kpt_shape [{count}, {size}] asks for {BOX_COLUMNS + count * size} columns, received {columns}'
    if columns == BOX_COLUMNS + 1:
      return '6 columns whose last is no confidence and no track number'
    return f'{columns} columns may be a polygon, or a box with more numbers; kpt_shape in data.yaml would tell'

  def _decide(self, columns: int) -> Layout:
    sample = [tuple(one.values) for one in self.samples[columns]]
    if self.keypoints:
      count, size = self.keypoints
      if 0 <= columns - BOX_COLUMNS - count * size <= 2:
        return Layout.BOX
      if columns > BOX_COLUMNS + 2:
        return Layout.UNCLEAR
    is_box = columns <= _MAX_POSE_COLUMNS and any(_nearly_all(sample, fits) for fits in _box_readings(columns))
    if columns == BOX_COLUMNS + 1:
      return Layout.BOX if is_box else Layout.UNCLEAR
    if columns % 2 == 0 and self._has_polygons():
      return Layout.UNCLEAR
    polygon = _polygon_layout(columns)
    if not _nearly_all(sample, lambda values: _may_be_polygon(polygon, values)):
      return Layout.BOX if is_box else Layout.UNCLEAR
    return self._between(polygon, is_box, [_points(polygon, values) for values in sample])

  def _between(self, polygon: Layout, is_box: bool, points: list[tuple[float, ...]]) -> Layout:
    """Decides where all numbers can be points of polygons."""
    parity = polygon == Layout.POLYGON
    lengths = [columns for columns in self.samples if columns > BOX_COLUMNS + 1 and columns % 2 == parity]
    if len(lengths) >= _VARIED or _nearly_all(points, polygons.is_parallelogram_or_closed):
      return polygon
    if is_box:
      return Layout.UNCLEAR if _nearly_all(points, polygons.is_simple) else Layout.BOX
    return polygon if _nearly_all(points, polygons.is_simple) else Layout.UNCLEAR

  def _has_polygons(self) -> bool:
    """Whether other rows have the odd lengths of polygons: then one with an even length may lack a number."""
    return any(columns % 2 and columns > BOX_COLUMNS + 2 for columns in self.samples)


def _readings(row: Row) -> Readings:
  values = row.values
  box = _box_of(values)
  if row.columns == BOX_COLUMNS:
    return Readings(row.line, row.number, row.columns, box, box, may_be_box=True, may_be_polygon=False)
  layout = _polygon_layout(row.columns)
  return Readings(
    row.line,
    row.number,
    row.columns,
    box,
    _around(_points(layout, values)),
    may_be_box=_is_box(values) and (row.columns > BOX_COLUMNS + 2 or _is_one_of_boxes(values)),
    may_be_polygon=_may_be_polygon(layout, values),
  )


def _is_one_of_boxes(values: tuple[float, ...]) -> bool:
  return any(fits(values) for fits in _box_readings(len(values) + 1))


def _box_of(values: Sequence[float]) -> Corners:
  """The corners of the box whose centre and size come first."""
  x, y, width, height = values[:4]
  return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _polygon_layout(columns: int) -> Layout:
  return Layout.POLYGON if columns % 2 else Layout.POLYGON_WITH_CONFIDENCE


def _points(layout: Layout, values: Sequence[float]) -> tuple[float, ...]:
  return tuple(values[:-1] if layout == Layout.POLYGON_WITH_CONFIDENCE else values)


def _nearly_all(sample: Sequence[tuple[float, ...]], fits: Callable[[tuple[float, ...]], bool]) -> bool:
  return sum(map(fits, sample)) >= _NEARLY_ALL * len(sample)


def _around(points: tuple[float, ...]) -> Corners:
  xs, ys = points[::2], points[1::2]
  return min(xs), min(ys), max(xs), max(ys)


def _may_be_polygon(layout: Layout, values: tuple[float, ...]) -> bool:
  in_reach = min(values) >= -_BEYOND and max(values) <= 1 + _BEYOND and not any(map(math.isnan, values))
  return in_reach and (layout == Layout.POLYGON or _is_fraction(values[-1]))


def _box_readings(columns: int) -> Iterator[Callable[[tuple[float, ...]], bool]]:
  """A test of a row for each meaning as a box with this many columns: keypoints, confidence and track after it."""
  for tail in (0, 1, 2):
    rest = columns - BOX_COLUMNS - tail
    if rest == 0:
      yield lambda values: _is_box(values) and _is_tail(values[4:])
    for size in (2, 3):
      if rest > 0 and rest % size == 0:
        yield _with_keypoints(rest, size)


def _with_keypoints(length: int, size: int) -> Callable[[tuple[float, ...]], bool]:
  def fits(values: tuple[float, ...]) -> bool:
    keypoints = [values[start : start + size] for start in range(4, 4 + length, size)]
    return _is_box(values) and _holds(values, keypoints) and _is_tail(values[4 + length :])

  return fits


def _is_box(values: Sequence[float]) -> bool:
  """Whether centre and size are those of a box inside the image."""
  xmin, ymin, xmax, ymax = _box_of(values)
  return -_MARGIN <= xmin <= xmax <= 1 + _MARGIN and -_MARGIN <= ymin <= ymax <= 1 + _MARGIN


def _holds(values: Sequence[float], keypoints: Sequence[Sequence[float]]) -> bool:
  """Whether the box holds all keypoints; one at (0, 0) or without visibility is not labelled."""
  xmin, ymin, xmax, ymax = _box_of(values)
  return all(
    (x, y) == (0, 0)
    or (bool(visibility) and visibility[0] == 0)
    or (
      xmin - _MARGIN <= x <= xmax + _MARGIN
      and ymin - _MARGIN <= y <= ymax + _MARGIN
      and all(value == 2 or _is_fraction(value) for value in visibility)
    )
    for x, y, *visibility in keypoints
  )


def _is_tail(values: Sequence[float]) -> bool:
  """Whether these are nothing, a confidence, a track number, or both."""
  if len(values) == 2:
    return any(_is_fraction(a) and _is_track(b) for a, b in (values, values[::-1]))
  return all(_is_fraction(value) or _is_track(value) for value in values)


def _is_fraction(value: float) -> bool:
  return 0 <= value <= 1


def _is_track(value: float) -> bool:
  return value >= 0 and value % 1 == 0
