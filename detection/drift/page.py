"""The page of a comparison: what was tested, and the most foreign images."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from detection.crops.seen_images import SeenImages
from detection.drift.comparison import Comparison
from detection.inference import images
from detection.inference.annotate import draw
from detection.report import page

MOST_SHOWN = 24
_LONGEST_SIDE = 320


class _Shown(NamedTuple):
  """An image of the page. uri: its picture, with what was found in it."""

  name: str
  foreignness: float
  found: int
  uri: str


class _Row(NamedTuple):
  """A test of the page."""

  name: str
  p_value: float
  means: tuple[float, float] | None
  differs: bool


def render(comparison: Comparison, seen: SeenImages, min_score: float, title: str) -> str:
  """The page as HTML. seen: the new images, in the order of comparison.foreignness; the shown ones are read again."""
  order = comparison.foreignness.argsort(kind='stable')[::-1][:MOST_SHOWN].tolist()
  rows: Sequence[_Row] = [
    _Row(name, value, comparison.means.get(name), name in comparison.drifted)
    for name, value in comparison.p_values.items()
  ]
  return page.render(
    pathlib.Path(__file__).with_name('drift.html'),
    title=title,
    comparison=comparison,
    count=len(seen),
    rows=rows,
    shown=[_picture(seen, index, comparison, min_score) for index in order],
  )


def _picture(seen: SeenImages, index: int, comparison: Comparison, min_score: float) -> _Shown:
  found = seen.detections[index].above(min_score)
  uri = page.image_uri(draw(images.load(seen.paths[index])[1], found), _LONGEST_SIDE)
  return _Shown(seen.paths[index], float(comparison.foreignness[index]), len(found), uri)
