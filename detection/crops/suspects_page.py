"""suspects.html: each suspect cut out of its image, with some of what is around it."""

from __future__ import annotations

import io
import pathlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

from detection.crops.suspects import Found, Suspect
from detection.report import drawing, page

MAX_SHOWN = 200
_LONGEST = 240
# Of the box's sides, shown around it.
_AROUND = 0.5


def render(found: Found, title: str, encoded: Mapping[str, bytes]) -> str:
  """The page, self-contained. `encoded`: {image name: JPEG or PNG bytes} of the first MAX_SHOWN suspects at least."""
  shown = found.suspects[:MAX_SHOWN]
  return page.render(
    pathlib.Path(__file__).with_name('suspects.html'),
    title=title,
    found=found,
    pictures=[(suspect, page.image_uri(_picture(suspect, encoded[suspect.image]), _LONGEST)) for suspect in shown],
    unshown=len(found.suspects) - len(shown),
  )


def _picture(suspect: Suspect, encoded: bytes) -> Image.Image:
  with Image.open(io.BytesIO(encoded)) as image:
    drawn = drawing.draw_boxes(image, np.array([suspect.box]), [''])
  ymin, xmin, ymax, xmax = suspect.box
  high, wide = (ymax - ymin) * _AROUND, (xmax - xmin) * _AROUND
  corners = (xmin - wide, ymin - high, xmax + wide, ymax + high)
  left, top, right, bottom = (
    round(min(max(side, 0.0), 1.0) * length) for side, length in zip(corners, drawn.size * 2, strict=True)
  )
  return drawn.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
