"""A model that looks at images tile by tile, for objects that are small in large images."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from detection.inference import images
from detection.inference.model import OUTPUTS, Model
from detection.tiles import merge
from detection.tiles.grid import Grid, Window

# Lower ones do not change a metric, and there are many of them in many tiles.
_MIN_SCORE = 0.01
_MOST = 1000  # detections of an image
_EDGE = 0.01  # of a tile's side: a box that ends nearer to the tile's end is cut by it


class TiledModel:
  """A Model that runs another one on the tiles of each image and merges what it finds.

  Attributes:
    labels: {class name: id}, ids from 1.
  """

  def __init__(self, model: Model, grid: Grid, batch_size: int) -> None:
    """batch_size: tiles per call of `model`."""
    self.labels = model.labels
    self._model, self._grid, self._batch_size = model, grid, batch_size

  def detect_encoded(self, batch: Sequence[bytes]) -> dict[str, np.ndarray]:
    """As Model's. Images are decoded one at a time."""
    return _stacked(self._detect(images.decode(content)) for content in batch)

  def detect_pixels(self, batch: np.ndarray) -> dict[str, np.ndarray]:
    """As Model's."""
    return _stacked(map(self._detect, batch))

  def _detect(self, image: np.ndarray) -> dict[str, np.ndarray]:
    """Boxes, classes and scores of one image, uint8 [H, W, 3], the highest score first."""
    height, width = image.shape[:2]
    found = [self._of_tile(*pair, width, height) for pair in self._tiles(image)]
    boxes, classes, scores, cut = (np.concatenate(part) for part in zip(*found, strict=True))
    kept = merge.keep(boxes, classes, scores, cut)[:_MOST]
    scale = np.array([height, width] * 2, np.float32)
    return dict(zip(OUTPUTS, (boxes[kept] / scale, classes[kept], scores[kept], len(kept)), strict=True))

  def _tiles(self, image: np.ndarray) -> Iterator[tuple[Window, Mapping[str, np.ndarray]]]:
    """Each tile with what the model finds in it. All tiles of an image have one size."""
    windows = iter(self._grid.windows(image.shape[1], image.shape[0]))
    while batch := list(itertools.islice(windows, self._batch_size)):
      pixels = np.stack([image[one.top : one.bottom, one.left : one.right] for one in batch])
      outputs = self._model.detect_pixels(pixels)
      for index, window in enumerate(batch):
        yield window, {name: value[index] for name, value in outputs.items()}

  def _of_tile(
    self, window: Window, outputs: Mapping[str, np.ndarray], width: int, height: int
  ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(boxes in pixels of the image, classes, scores, whether the tile's end cuts a box)"""
    count = int(outputs[OUTPUTS[3]])
    good = outputs[OUTPUTS[2]][:count] >= _MIN_SCORE
    boxes, classes, scores = (outputs[name][:count][good] for name in OUTPUTS[:3])
    inner = np.array([window.top > 0, window.left > 0, window.bottom < height, window.right < width])
    ends = np.concatenate([boxes[:, :2] <= _EDGE, boxes[:, 2:] >= 1 - _EDGE], axis=1)
    lengths = np.array([window.bottom - window.top, window.right - window.left] * 2, np.float32)
    origin = np.array([window.top, window.left] * 2, np.float32)
    return boxes * lengths + origin, classes, scores, (ends & inner).any(axis=1)


def _stacked(found: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
  """The outputs of several images, padded to equal numbers of detections."""
  listed = list(found)
  most = max((int(one[OUTPUTS[3]]) for one in listed), default=0)
  stacked = {}
  for name in OUTPUTS[:3]:
    rows = [np.asarray(one[name], np.float32) for one in listed]
    stacked[name] = np.stack([np.pad(row, [(0, most - len(row))] + [(0, 0)] * (row.ndim - 1)) for row in rows])
  return {**stacked, OUTPUTS[3]: np.array([one[OUTPUTS[3]] for one in listed], np.float32)}
