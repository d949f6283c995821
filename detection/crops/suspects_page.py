"""suspects.html: each suspect cut out of its image, with some of its surroundings."""

from __future__ import annotations

import io
import pathlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

from detection.crops.suspects import Suspect, SuspectReport
from detection.report import drawing, page

MAX_SHOWN = 200
_LONGEST_SIDE = 240  # pixels
# What is shown beyond each side of the box, as a fraction of the box.
_SURROUNDINGS = 0.5


def render(report: SuspectReport, title: str, encoded: Mapping[str, bytes]) -> str:
  """The page, self-contained. `encoded`: {image name: JPEG or PNG bytes}, at least of the first MAX_SHOWN suspects."""
  shown = report.suspects[:MAX_SHOWN]
  return page.render(
    pathlib.Path(__file__).with_name('suspects.html'),
    title=title,
    report=report,
    pictures=[(suspect, page.image_uri(_picture(suspect, encoded[suspect.image]), _LONGEST_SIDE)) for suspect in shown],
    unshown=len(report.suspects) - len(shown),
  )


def _picture(suspect: Suspect, encoded: bytes) -> Image.Image:
  with Image.open(io.BytesIO(encoded)) as image:
    drawn = drawing.draw_boxes(image, np.array([suspect.box]), [''])
  ymin, xmin, ymax, xmax = suspect.box
  high, wide = (ymax - ymin) * _SURROUNDINGS, (xmax - xmin) * _SURROUNDINGS
  corners = (xmin - wide, ymin - high, xmax + wide, ymax + high)
  left, top, right, bottom = (
    round(min(max(side, 0.0), 1.0) * length) for side, length in zip(corners, drawn.size * 2, strict=True)
  )
  return drawn.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
