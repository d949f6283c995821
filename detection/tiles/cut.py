"""Cuts a labelled image into labelled tiles."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import numpy as np
import PIL.Image

from detection import records
from detection.records import Example, LabelledBox, LabelledImage
from detection.tiles.grid import Window
from detection.tiles.settings import TileSettings

_JPEG, _PNG = 'JPEG', 'PNG'


def tiles(record: bytes, settings: TileSettings) -> Iterator[LabelledImage]:
  """The tiles of one serialized example that are to be trained on, each named `<image>@<left>,<top>`.

  An image that is no larger than a tile is one tile, its bytes as they were. Tiles of a JPEG are JPEG of quality 95.
  """
  example = records.parse(record)
  with PIL.Image.open(io.BytesIO(example.encoded)) as image:
    windows = settings.grid.windows(*image.size)
    encoding = _PNG if image.format == _PNG else _JPEG
    for window in windows:
      name = f'{example.name}@{window.left},{window.top}'
      boxes = _inside(example, window, image.size, settings.min_visible)
      if not boxes and not _is_sampled(name, settings.empty):
        continue
      encoded = example.encoded if len(windows) == 1 else _encode(image.crop(window), encoding)
      size = window.right - window.left, window.bottom - window.top
      yield LabelledImage(encoded, encoding.lower(), size[1], size[0], name, boxes)


def _inside(example: Example, window: Window, size: tuple[int, int], min_visible: float) -> list[LabelledBox]:
  """The boxes that belong to a window, as fractions of it. size: of the image, (width, height)."""
  corners = example.boxes.astype(np.float64) * (size[::-1] * 2)
  low = np.maximum(corners[:, :2], (window.top, window.left))
  high = np.minimum(corners[:, 2:], (window.bottom, window.right))
  seen = np.prod(np.maximum(high - low, 0), axis=1) / np.prod(corners[:, 2:] - corners[:, :2], axis=1)
  origin = np.array([window.top, window.left])
  lengths = np.array([window.bottom - window.top, window.right - window.left])
  found = []
  for index in np.flatnonzero(seen >= min_visible):
    ymin, xmin = ((low[index] - origin) / lengths).astype(np.float32).clip(0, 1).tolist()
    ymax, xmax = ((high[index] - origin) / lengths).astype(np.float32).clip(0, 1).tolist()
    if ymin < ymax and xmin < xmax:
      cut = bool(seen[index] < 1 - 1e-6)
      difficult = bool(example.difficult[index])
      found.append(LabelledBox(example.labels[index], ymin, xmin, ymax, xmax, difficult, truncated=cut))
  return found


def _is_sampled(name: str, part: float) -> bool:
  return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], 'big') < part * 2**32


def _encode(image: PIL.Image.Image, encoding: str) -> bytes:
  buffer = io.BytesIO()
  if encoding == _PNG:
    image.save(buffer, _PNG, compress_level=3)
  else:
    plain = image if image.mode in ('L', 'RGB') else image.convert('RGB')
    plain.save(buffer, _JPEG, quality=95, subsampling=0)
  return buffer.getvalue()
