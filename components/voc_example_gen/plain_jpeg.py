"""Decodes the JPEGs of which nearly all data sets consist by libjpeg-turbo alone: Pillow's way to it takes a quarter of
the time of checking an image. What is not plain goes to Pillow, which says what is wrong with it.
"""

import struct
from typing import NamedTuple

import numpy as np
import simplejpeg

from components.voc_example_gen.strictness import COMMON_FRAMES

_SCALE = 8  # the most by which libjpeg makes a picture smaller; it reads every byte of it all the same
_START, _END = 2, b'\xff\xd9'  # bytes of the first marker; the last one
# Segments that change nothing: tables, comments, JFIF, colour profiles and Adobe's. EXIF is not one of them.
_OTHERS = frozenset({0xC4, 0xDB, 0xDD, 0xE0, 0xE2, 0xEE, 0xFE})
_LENGTH, _SIDES = struct.Struct('>H'), struct.Struct('>HH')


class Decoded(NamedTuple):
  """The size of a JPEG in pixels; and grey, uint8 [height, width]: its picture, each side an eighth as long."""

  width: int
  height: int
  grey: np.ndarray


def decode(content: bytes, most_pixels: int) -> Decoded | None:
  """Decodes a plain JPEG: 8 bits, grey or three colours, without EXIF, whole, and of at most `most_pixels`.

  Returns:
    None for any other file, and for one that libjpeg does not read without a warning.
  """
  width, height = _size(content)
  if min(width, height) < _SCALE or width * height > most_pixels:
    return None
  try:
    grey = simplejpeg.decode_jpeg(
      content, 'GRAY', fastdct=True, fastupsample=True, min_height=height // _SCALE, min_width=width // _SCALE
    )
  except ValueError:
    return None
  return Decoded(width, height, grey[:, :, 0])


def _size(content: bytes) -> tuple[int, int]:
  """The width and height that the frame of a plain JPEG declares; 0 for any other file."""
  if not content.endswith(_END):
    return 0, 0
  place = _START
  while place + 10 <= len(content) and content[place] == 0xFF:
    marker = content[place + 1]
    if marker in COMMON_FRAMES and content[place + 4] == 8 and content[place + 9] in (1, 3):
      height, width = _SIDES.unpack_from(content, place + 5)
      return width, height
    if marker not in _OTHERS:
      return 0, 0
    place += 2 + _LENGTH.unpack_from(content, place + 2)[0]
  return 0, 0
