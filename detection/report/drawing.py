"""Draws boxes with captions on images: for `predict`, reports and TensorBoard."""

import functools
import os
from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageColor
import PIL.ImageDraw
import PIL.ImageFont

from detection.report import palette

Corners = tuple[float, float, float, float]  # left, top, right, bottom, in pixels


def draw_boxes(
  image: PIL.Image.Image,
  boxes: np.ndarray,
  captions: Sequence[str],
  colours: Sequence[str] | None = None,
) -> PIL.Image.Image:
  """Draws boxes on a copy of `image`.

  Args:
    image: any mode and size; line width and letters grow with it.
    boxes: [N, 4], (ymin, xmin, ymax, xmax) in [0, 1]. The first is drawn last, on top: give the best one first.
    captions: N short texts; an empty one draws the box alone.
    colours: N colours, '#rrggbb'; one colour for all if left out.

  Returns:
    A new RGB image.
  """
  canvas = image.convert('RGB')
  canvas = canvas.copy() if canvas is image else canvas
  draw = PIL.ImageDraw.Draw(canvas)
  line = max(2, round(max(canvas.size) / 300))
  colours = colours or [palette.class_colour(1)] * len(captions)
  pixels = np.clip(np.asarray(boxes, float).reshape(-1, 4), 0, 1) * np.array(canvas.size[::-1] * 2)
  items = list(zip(pixels.tolist(), captions, colours, strict=True))
  for (ymin, xmin, ymax, xmax), _, colour in reversed(items):
    corners = (xmin, ymin, max(xmax, xmin + 1), max(ymax, ymin + 1))
    # The dark edge keeps a light box visible on a light ground.
    draw.rectangle(_grown(corners, 1), outline='black', width=line + 2)
    draw.rectangle(corners, outline=colour, width=line)
  labels = _Labels(draw, canvas.size)
  for (ymin, xmin, _, _), caption, colour in items:
    if caption:
      labels.write(caption, xmin, ymin, colour)
  return canvas


class _Labels:
  """The captions on one image, each on a filled label, placed so that none covers another.

  Args:
    draw: the image.
    size: its width and height in pixels.
  """

  def __init__(self, draw: PIL.ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    self._draw = draw
    self._size = size
    self._font = _font(max(11, round(max(size) / 45)))
    self._placed: list[Corners] = []

  def write(self, caption: str, xmin: float, ymin: float, colour: str) -> None:
    """Writes above the box whose left top corner is given, or inside it where the image ends."""
    left, top, right, bottom = self._draw.textbbox((0, 0), caption, font=self._font)
    pad = max(2, (bottom - top) // 5)
    corners = self._free_place(right - left + 2 * pad, bottom - top + 2 * pad, xmin, ymin)
    self._draw.rectangle(corners, fill=colour)
    place = corners[0] + pad - left, corners[1] + pad - top
    self._draw.text(place, caption, fill=_ink(colour), font=self._font)
    self._placed.append(corners)

  def _free_place(self, width: float, height: float, xmin: float, ymin: float) -> Corners:
    """Where a label of this size goes: below the labels that are there already."""
    lowest = max(0, self._size[1] - height)
    x = min(max(0, xmin), max(0, self._size[0] - width))
    y = ymin - height if ymin >= height else min(ymin, lowest)
    for left, top, right, bottom in sorted(self._placed, key=lambda corners: corners[1]):
      if x < right and left < x + width and y < bottom and top < y + height:
        y = min(bottom, lowest)
    return x, y, x + width, y + height


def _grown(corners: Corners, by: float) -> Corners:
  return corners[0] - by, corners[1] - by, corners[2] + by, corners[3] + by


def _ink(ground: str) -> str:
  """Black or white, whichever stands out more (luma of ITU-R BT.601)."""
  return 'black' if np.dot(PIL.ImageColor.getrgb(ground), (0.299, 0.587, 0.114)) > 140 else 'white'


@functools.lru_cache(maxsize=32)
def _font(size: int) -> PIL.ImageFont.FreeTypeFont:
  import matplotlib  # brings DejaVu, so that letters beyond ASCII show on every machine

  path = os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')
  return PIL.ImageFont.truetype(path, size)
