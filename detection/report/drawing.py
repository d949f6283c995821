"""Boxes with captions on images: for `predict`, reports and TensorBoard."""

import colorsys
import functools
import os
from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

Colour = tuple[int, int, int]
Corners = tuple[float, float, float, float]  # left, top, right, bottom

# Okabe and Ito's palette, told apart by the colour-blind too (jfly.uni-koeln.de/color), without its black.
_PALETTE: tuple[Colour, ...] = (
  (230, 159, 0),
  (86, 180, 233),
  (0, 158, 115),
  (240, 228, 66),
  (0, 114, 178),
  (213, 94, 0),
  (204, 121, 167),
)
_GOLDEN_ANGLE = 0.381966  # of a turn: further hues stay apart from all before


def class_colour(number: int) -> Colour:
  """The colour of class id `number`, from 1: the same one on every page and image."""
  index = max(number - 1, 0)
  if index < len(_PALETTE):
    return _PALETTE[index]
  red, green, blue = colorsys.hsv_to_rgb(index * _GOLDEN_ANGLE % 1, 0.65, 0.95)
  return round(red * 255), round(green * 255), round(blue * 255)


def draw_boxes(
  image: PIL.Image.Image,
  boxes: np.ndarray,
  captions: Sequence[str],
  colours: Sequence[Colour] | None = None,
) -> PIL.Image.Image:
  """Draws boxes on a copy of `image`.

  Args:
    image: any mode and size; line width and letters grow with it.
    boxes: [N, 4], (ymin, xmin, ymax, xmax) in [0, 1]. The first is drawn last, on top: give the best one first.
    captions: N short texts; an empty one draws the box alone.
    colours: N colours; one colour for all if left out.

  Returns:
    A new RGB image.
  """
  canvas = image.convert('RGB')
  canvas = canvas.copy() if canvas is image else canvas
  draw = PIL.ImageDraw.Draw(canvas)
  line = max(2, round(max(canvas.size) / 300))
  font = _font(max(11, round(max(canvas.size) / 45)))
  colours = colours or [_PALETTE[0]] * len(captions)
  pixels = np.clip(np.asarray(boxes, float).reshape(-1, 4), 0, 1) * np.array(canvas.size[::-1] * 2)
  items = list(zip(pixels.tolist(), captions, colours, strict=True))
  for (ymin, xmin, ymax, xmax), _, colour in reversed(items):
    corners = (xmin, ymin, max(xmax, xmin + 1), max(ymax, ymin + 1))
    # The dark edge keeps a light box visible on a light ground.
    draw.rectangle(_grown(corners, 1), outline=(0, 0, 0), width=line + 2)
    draw.rectangle(corners, outline=colour, width=line)
  placed: list[Corners] = []
  for box, caption, colour in items:
    if caption:
      placed.append(_write(draw, canvas.size, box, caption, colour, font, placed))
  return canvas


def _write(
  draw: PIL.ImageDraw.ImageDraw,
  size: tuple[int, int],
  box: Sequence[float],
  caption: str,
  colour: Colour,
  font: PIL.ImageFont.FreeTypeFont,
  placed: Sequence[Corners],
) -> Corners:
  """Writes a caption on a filled label above the box, or inside it where the image ends; below labels already there."""
  ymin, xmin, _, _ = box
  left, top, right, bottom = draw.textbbox((0, 0), caption, font=font)
  pad = max(2, (bottom - top) // 5)
  width, height = right - left + 2 * pad, bottom - top + 2 * pad
  x = min(max(0, xmin), max(0, size[0] - width))
  y = ymin - height if ymin >= height else min(ymin, max(0, size[1] - height))
  for other in sorted(placed, key=lambda corners: corners[1]):
    if x < other[2] and other[0] < x + width and y < other[3] and other[1] < y + height:
      y = min(other[3], max(0, size[1] - height))
  draw.rectangle((x, y, x + width, y + height), fill=colour)
  draw.text((x + pad - left, y + pad - top), caption, fill=_ink(colour), font=font)
  return x, y, x + width, y + height


def _grown(corners: Corners, by: float) -> Corners:
  return corners[0] - by, corners[1] - by, corners[2] + by, corners[3] + by


def _ink(ground: Colour) -> Colour:
  """Black or white, whichever stands out more (luma of ITU-R BT.601)."""
  return (0, 0, 0) if np.dot(ground, (0.299, 0.587, 0.114)) > 140 else (255, 255, 255)


@functools.lru_cache(maxsize=32)
def _font(size: int) -> PIL.ImageFont.FreeTypeFont:
  import matplotlib  # brings DejaVu, so that letters beyond ASCII show on every machine

  path = os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')
  return PIL.ImageFont.truetype(path, size)
