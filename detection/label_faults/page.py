"""suspects.html: each likely fault cut out of its image, with some of its surroundings."""

from __future__ import annotations

import dataclasses
import io
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from detection.crops.suspects import Suspect
from detection.label_faults.fault import Box, Fault
from detection.label_faults.report import MAY_HAVE_SEEN, LabelReport
from detection.report import drawing, page, palette

MAX_SHOWN = 200  # of each kind
_LONGEST_SIDE = 240  # pixels
# What is shown beyond each side of the box, as a fraction of the box.
_SURROUNDINGS = 0.5
# The label's box, and the detection's.
LABEL_COLOUR, DETECTED_COLOUR = palette.class_colour(1), palette.class_colour(2)


@dataclasses.dataclass(frozen=True)
class _Shown:
  """One entry of the page. entry: the suspect or fault. uri: of its picture."""

  entry: Suspect | Fault
  uri: str


def render(report: LabelReport, title: str, encoded: Mapping[str, bytes]) -> str:
  """The page, self-contained.

  Args:
    report: what was found.
    title: of the page.
    encoded: {image name: JPEG or PNG bytes}, at least of report.shown(MAX_SHOWN).
  """
  swapped = report.swapped.suspects if report.swapped else ()
  ranked = report.faults.ranked if report.faults else {}
  return page.render(
    pathlib.Path(__file__).with_name('suspects.html'),
    title=title,
    report=report,
    swapped=[_Shown(entry, _picture(encoded[entry.image], entry.box, None)) for entry in swapped[:MAX_SHOWN]],
    faults={kind: _shown(faults[:MAX_SHOWN], encoded) for kind, faults in ranked.items()},
    most=MAX_SHOWN,
    may_have_seen=MAY_HAVE_SEEN,
    colours={'label': LABEL_COLOUR, 'detected': DETECTED_COLOUR},
  )


def _shown(faults: Sequence[Fault], encoded: Mapping[str, bytes]) -> list[_Shown]:
  return [_Shown(fault, _picture(encoded[fault.image], fault.box, fault.detected)) for fault in faults]


def _picture(encoded: bytes, label: Box | None, detected: Box | None) -> str:
  """The surroundings of both boxes as a data URI, the boxes drawn in."""
  coloured = [(box, colour) for box, colour in ((label, LABEL_COLOUR), (detected, DETECTED_COLOUR)) if box]
  boxes = np.array([box for box, _ in coloured])
  with Image.open(io.BytesIO(encoded)) as image:
    drawn = drawing.draw_boxes(image, boxes, [''] * len(boxes), [colour for _, colour in coloured])
  (ymin, xmin), (ymax, xmax) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
  high, wide = (ymax - ymin) * _SURROUNDINGS, (xmax - xmin) * _SURROUNDINGS
  corners = (xmin - wide, ymin - high, xmax + wide, ymax + high)
  left, top, right, bottom = (
    round(min(max(side, 0.0), 1.0) * length) for side, length in zip(corners, drawn.size * 2, strict=True)
  )
  return page.image_uri(drawn.crop((left, top, max(right, left + 1), max(bottom, top + 1))), _LONGEST_SIDE)
