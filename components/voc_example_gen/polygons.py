"""Geometry of polygons that are given as x1, y1, x2, y2, ..."""

from collections.abc import Sequence

_TOLERANCE = 0.02  # of the polygon's extent

Point = tuple[float, float]


def is_parallelogram_or_closed(numbers: Sequence[float]) -> bool:
  """Whether four corners make a parallelogram, as those of a rotated box do; or the last point repeats the first."""
  corners = _points(numbers)
  if corners[0] == corners[-1]:
    return len(corners) > 3
  if len(corners) != 4:
    return False
  extent = max(max(numbers[axis::2]) - min(numbers[axis::2]) for axis in (0, 1))
  return all(
    abs(first + third - second - fourth) <= _TOLERANCE * extent
    for first, second, third, fourth in zip(*corners, strict=True)
  )


def is_simple(numbers: Sequence[float]) -> bool:
  """Whether no two sides cross; sides that only touch do not."""
  corners = _points(numbers)
  sides = list(zip(corners, corners[1:] + corners[:1], strict=True))
  return not any(_cross(*side, *other) for index, side in enumerate(sides) for other in sides[index + 2 :])


def _points(numbers: Sequence[float]) -> list[Point]:
  return list(zip(numbers[::2], numbers[1::2], strict=True))


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
  """Whether the open segments a-b and c-d have a point in common."""
  return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
  """Positive if c lies left of the line from a to b, negative if right."""
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
