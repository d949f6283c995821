"""Tiles of an image: overlapping windows of one size, in pixels."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple


class Window(NamedTuple):
  """A part of an image; right and bottom exclusive."""

  left: int
  top: int
  right: int
  bottom: int


@dataclasses.dataclass(frozen=True)
class Grid:
  """How images are cut.

  size: of a tile's sides, in pixels. overlap: of neighbours, at least this part of a side, from 0 to below 1.
  """

  size: int
  overlap: float = 0.2

  def windows(self, width: int, height: int) -> list[Window]:
    """The tiles of an image, row by row. Together they cover it; a side that is shorter than a tile is one tile."""
    return [
      Window(left, top, min(left + self.size, width), min(top + self.size, height))
      for top in self._starts(height)
      for left in self._starts(width)
    ]

  def _starts(self, length: int) -> list[int]:
    """As few as reach from end to end with the overlap, at equal distances."""
    if length <= self.size:
      return [0]
    step = max(1, int(self.size * (1 - self.overlap)))
    last = length - self.size
    count = -(-last // step)
    return [round(number * last / count) for number in range(count + 1)]
