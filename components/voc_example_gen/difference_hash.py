"""Difference hashes of pictures, which differ in few bits if two pictures look alike (dHash, Krawetz 2013)."""

import functools

import numpy as np
from PIL import Image

_COLUMNS, _ROWS = 9, 8  # of the thumbnail in which neighbours are compared
_FLAT = 8  # grey levels; flat images all look alike
_REDUCED = 64  # pixels: a picture with twice as many on each side is first reduced by a whole factor
_PRECISION = 2**22  # of the weights with which Pillow resizes


def thumbnail(image: Image.Image) -> np.ndarray:
  """A grey thumbnail of an image, uint8 [8, 9], whose hash, by `of_grey`, is that of the image."""
  colour = image if image.mode in ('L', 'RGB') else image.convert('RGB')
  if (factor := min(colour.size) // _REDUCED) > 1:  # whole factors take half the time
    colour = colour.reduce(factor)
  grey = colour if colour.mode == 'L' else colour.convert('L')
  return np.asarray(grey.resize((_COLUMNS, _ROWS), Image.Resampling.BOX))


def of_grey(picture: np.ndarray) -> int | None:
  """64 bits: the signs of the differences of neighbours in a grey thumbnail; None for a flat picture.

  picture: uint8 [height, width].
  """
  height, width = picture.shape
  if min(height, width) < _COLUMNS or min(height, width) >= 2 * _REDUCED:
    return _signs(thumbnail(Image.fromarray(picture)).tobytes())
  # What `thumbnail` does, in two thirds of its time.
  across = np.floor(picture.astype(np.float64) @ _box_weights(width, _COLUMNS) + 0.5)
  small = np.floor(_box_weights(height, _ROWS).T @ across + 0.5)
  return _signs(small.astype(np.uint8).tobytes())


def _signs(thumbnail: bytes) -> int | None:
  if max(thumbnail) - min(thumbnail) < _FLAT:
    return None
  levels = np.frombuffer(thumbnail, np.uint8).reshape(_ROWS, _COLUMNS)
  return int.from_bytes(np.packbits(levels[:, :-1] < levels[:, 1:]).tobytes(), 'big')


@functools.lru_cache(maxsize=256)
def _box_weights(size: int, count: int) -> np.ndarray:
  """float64 [size, count]: how much each pixel of a line counts in each of `count` pixels, as Pillow's box filter does.

  Pillow's weights are whole multiples of 1 / _PRECISION, so that all sums are exact, on any processor.
  """
  weights = np.zeros((size, count))
  scale = size / count
  for index in range(count):
    centre = (index + 0.5) * scale
    first, end = int(centre - scale * 0.5 + 0.5), int(centre + scale * 0.5 + 0.5)
    weights[first:end, index] = int(0.5 + _PRECISION / (end - first)) / _PRECISION
  return weights
