"""Bounding boxes of polygons and of COCO's run-length masks."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from components.voc_example_gen.json_values import is_number

Corners = tuple[float, float, float, float]  # xmin, ymin, xmax, ymax in pixels


def bounds(segmentation: Any) -> Corners | None:
  """The bounding box of a COCO `segmentation`: polygons, or a run-length mask; None if it is neither, or empty."""
  if isinstance(segmentation, dict):
    return _of_runs(segmentation)
  points = polygon_points(segmentation)
  if not points:
    return None
  xs, ys = zip(*points, strict=True)
  return min(xs), min(ys), max(xs), max(ys)


def polygon_points(segmentation: Any) -> list[tuple[float, float]]:
  """All corners of the polygons, written [[x, y, x, y, ...], ...], [x, y, ...] or [[x, y], ...]; [] if it is none."""
  numbers = list(_flat(segmentation)) if isinstance(segmentation, list) else []
  if len(numbers) % 2 or len(numbers) < 6 or not all(is_number(number) for number in numbers):
    return []
  try:
    points = [(float(x), float(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
  except OverflowError:  # a whole number with hundreds of digits
    return []
  return points if all(math.isfinite(side) for point in points for side in point) else []


def _flat(values: Iterable[Any]) -> Iterator[Any]:
  """The values of a list and of the lists in it and in those: no deeper, whatever a file holds."""
  for value in values:
    if isinstance(value, list):
      for inner in value:
        yield from inner if isinstance(inner, list) else (inner,)
    else:
      yield value


def _of_runs(mask: dict[str, Any]) -> Corners | None:
  """The bounding box of {"size": [height, width], "counts": runs}.

  Runs count pixels down the columns, outside and inside the object in turns. They are a list of numbers, or a string of
  differences in base 32 (rleFrString in maskApi.c of the COCO API).
  """
  size, counts = mask.get('size'), mask.get('counts')
  if not (isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)):
    return None
  runs = _decoded(counts) if isinstance(counts, str) else counts
  height, width = size
  if not isinstance(runs, list) or not all(isinstance(run, int) and run >= 0 for run in runs):
    return None
  if sum(runs) != height * width:
    return None
  return _around(runs, height)


def _around(runs: Sequence[int], height: int) -> Corners | None:
  """The box around all runs that lie inside the object."""
  columns: list[int] = []
  rows: list[int] = []
  start = 0
  for index, run in enumerate(runs):
    if index % 2 and run:
      (first, top), (last, bottom) = divmod(start, height), divmod(start + run - 1, height)
      columns += (first, last)
      rows += (top, bottom) if first == last else (0, height - 1)
    start += run
  if not columns:
    return None
  return float(min(columns)), float(min(rows)), float(max(columns) + 1), float(max(rows) + 1)


def _decoded(text: str) -> list[int] | None:
  """The runs of a string; None if it is cut short or holds other letters."""
  runs: list[int] = []
  value = shift = 0
  for letter in text:
    code = ord(letter) - 48
    if not 0 <= code < 64 or shift > 60:
      return None
    value |= (code & 31) << shift
    shift += 5
    if code & 32:
      continue
    if code & 16:
      value -= 1 << shift
    runs.append(value + runs[-2] if len(runs) > 2 else value)
    value = shift = 0
  return None if shift else runs
