"""The page of images to label next, each with the boxes that are proposed."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from detection.crops.seen_images import SeenImages
from detection.inference import images
from detection.inference.annotate import draw
from detection.label_next.choice import Chosen
from detection.report import page

MOST_SHOWN = 60
_LONGEST_SIDE = 320


class _Shown(NamedTuple):
  """An image of the page. uri: its picture, with the proposed boxes."""

  name: str
  chosen: Chosen
  proposed: int
  uri: str


def render(seen: SeenImages, chosen: Sequence[Chosen], min_score: float, title: str, hold_nothing: bool = False) -> str:
  """The page as HTML. The shown images are read again; boxes are drawn from `min_score` up.

  hold_nothing: whether these boxes are false positives, not proposals.
  """
  return page.render(
    pathlib.Path(__file__).with_name('label_next.html'),
    title=title,
    total=len(seen),
    count=len(chosen),
    shown=[_picture(seen, one, min_score) for one in chosen[:MOST_SHOWN]],
    most=MOST_SHOWN,
    hold_nothing=hold_nothing,
  )


def _picture(seen: SeenImages, one: Chosen, min_score: float) -> _Shown:
  found = seen.detections[one.index].above(min_score)
  uri = page.image_uri(draw(images.load(seen.paths[one.index])[1], found), _LONGEST_SIDE)
  return _Shown(seen.paths[one.index], one, len(found), uri)
