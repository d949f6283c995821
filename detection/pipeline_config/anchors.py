"""The anchors that a config gives, and how well they overlap boxes."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.odapi.protos import anchor_generator_pb2
from detection.pipeline_config.sizes import input_shape

# A box counts as matched from this IoU on, as in the OD API's matchers.
MATCHED = 0.5
# The SSD feature maps without a pyramid begin at this stride in all the OD API's TF 2 extractors.
_SSD_FIRST_STRIDE = 16
_EPSILON = 1e-9

Pair = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Grid:
  """Anchors of one feature map: the same shapes around every centre.

  shapes: [K, 2] float64, (height, width) in pixels of the model's input.
  stride: (y, x) from one centre to the next, in pixels.
  offset: (y, x) of the first centre, in pixels.
  cells: (rows, columns) of centres.
  """

  shapes: np.ndarray
  stride: Pair
  offset: Pair
  cells: tuple[int, int]


def generator(config: Config) -> anchor_generator_pb2.AnchorGenerator | None:
  """The anchor generator of whichever meta-architecture is set; None for those without anchors."""
  field = families.of(config).anchors
  return getattr(families.body(config), field) if field else None


def kind_and_options(config: Config) -> tuple[str, Any] | None:
  """Which generator is set, and its message; None if there are no anchors, or of a kind not known here."""
  found = generator(config)
  kind = found.WhichOneof('anchor_generator_oneof') if found is not None else None
  return (kind, getattr(found, kind)) if kind in _GRIDS else None


def grids(config: Config) -> list[Grid] | None:
  """The anchors the OD API makes for the model's input; None as in kind_and_options."""
  found = kind_and_options(config)
  if found is None:
    return None
  kind, options = found
  return _GRIDS[kind](options, input_shape(config))


def best_overlap(config: Config, boxes: np.ndarray) -> np.ndarray | None:
  """IoU of each box with its best anchor.

  Among anchors of one shape the one with the nearest centre overlaps most, so only that is looked at.

  Args:
    config: with a model.
    boxes: [N, 4] (ymin, xmin, ymax, xmax), in pixels of the model's input.

  Returns:
    [N] float64 in [0, 1], or None where `grids` is None.
  """
  made = grids(config)
  if made is None:
    return None
  window = np.array(input_shape(config), dtype=np.float64)
  border = _border(config)
  best = np.zeros(len(boxes))
  for grid in made:
    for shape in grid.shapes:
      best = np.maximum(best, _overlap(boxes.astype(np.float64), grid, shape, window, border))
  return best


def _border(config: Config) -> str:
  """What happens to anchors that reach over the image's edge: SSD keeps them, Faster R-CNN clips or drops them."""
  clips = families.of(config).clips_anchors
  if not clips:
    return 'keep'
  return 'clip' if getattr(families.body(config), clips) else 'drop'


def _overlap(boxes: np.ndarray, grid: Grid, shape: np.ndarray, window: np.ndarray, border: str) -> np.ndarray:
  """[N] IoU of each box with the anchor of this shape whose centre is nearest."""
  stride, offset = np.array(grid.stride, dtype=np.float64), np.array(grid.offset, dtype=np.float64)
  first, last = np.zeros(2), np.array(grid.cells) - 1.0
  if border == 'drop':
    first = np.maximum(first, np.ceil((shape / 2 - offset) / stride))
    last = np.minimum(last, np.floor((window - shape / 2 - offset) / stride))
    if (first > last).any():
      return np.zeros(len(boxes))
  centres = (boxes[:, :2] + boxes[:, 2:]) / 2
  nearest = np.clip(np.round((centres - offset) / stride), first, last) * stride + offset
  low, high = nearest - shape / 2, nearest + shape / 2
  if border == 'clip':
    low, high = np.maximum(low, 0), np.minimum(high, window)
  common = np.maximum(np.minimum(high, boxes[:, 2:]) - np.maximum(low, boxes[:, :2]), 0).prod(axis=1)
  union = (high - low).clip(0).prod(axis=1) + (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1) - common
  return common / np.maximum(union, _EPSILON)


def _shapes(scales: list[float], ratios: list[float], base: Pair) -> np.ndarray:
  """[K, 2] (height, width); a ratio is width / height at equal area, as in the OD API's grid_anchor_generator.py."""
  return np.array([(s / math.sqrt(r) * base[0], s * math.sqrt(r) * base[1]) for s in scales for r in ratios])


def _multiscale_grids(options: Any, window: tuple[int, int]) -> list[Grid]:
  """One grid a level of the pyramid, with strides 2 ** level; as multiscale_grid_anchor_generator.py."""
  scales = [2 ** (step / options.scales_per_octave) for step in range(options.scales_per_octave)]
  return [
    _pyramid_grid(
      2**level, _shapes(scales, list(options.aspect_ratios), (2**level * options.anchor_scale,) * 2), window
    )
    for level in range(options.min_level, options.max_level + 1)
  ]


def _pyramid_grid(stride: int, shapes: np.ndarray, window: tuple[int, int]) -> Grid:
  height, width = window
  first_y, first_x = (stride / 2 if side % stride == 0 else 0.0 for side in window)
  return Grid(
    shapes=shapes,
    stride=(stride, stride),
    offset=(first_y, first_x),
    cells=(math.ceil(height / stride), math.ceil(width / stride)),
  )


def _single_grid(options: Any, window: tuple[int, int]) -> list[Grid]:
  """The one grid of a two-stage model's proposals."""
  height, width = window
  return [
    Grid(
      shapes=_shapes(list(options.scales), list(options.aspect_ratios), (options.height, options.width)),
      stride=(options.height_stride, options.width_stride),
      offset=(options.height_offset, options.width_offset),
      cells=(math.ceil(height / options.height_stride), math.ceil(width / options.width_stride)),
    )
  ]


def _ssd_grids(options: Any, window: tuple[int, int]) -> list[Grid]:
  """One grid a feature map, each half as fine as the one before, sizes relative to the shorter side.

  As create_ssd_anchors in multiple_grid_anchor_generator.py.
  """
  height, width = window
  rows, columns = (math.ceil(side / _SSD_FIRST_STRIDE) for side in window)
  made = []
  for shapes in _ssd_shapes(options, min(window)):
    stride = (height / rows, width / columns)
    made.append(Grid(shapes, stride, (stride[0] / 2, stride[1] / 2), (rows, columns)))
    rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)
  return made


def _ssd_shapes(options: Any, shorter_side: int) -> list[np.ndarray]:
  """The shapes of each feature map, the finest first."""
  count = options.num_layers
  step = (options.max_scale - options.min_scale) / max(count - 1, 1)
  scales = [*(list(options.scales) or [options.min_scale + step * layer for layer in range(count)]), 1.0]
  base = (options.base_anchor_height * shorter_side, options.base_anchor_width * shorter_side)
  made = []
  for layer, (scale, following) in enumerate(zip(scales[:count], scales[1:], strict=False)):
    if layer == 0 and options.reduce_boxes_in_lowest_layer:
      made.append(np.concatenate([_shapes([0.1], [1.0], base), _shapes([scale], [2.0, 0.5], base)]))
      continue
    shapes = _shapes([scale], list(options.aspect_ratios), base)
    if options.interpolated_scale_aspect_ratio > 0:
      between = _shapes([math.sqrt(scale * following)], [options.interpolated_scale_aspect_ratio], base)
      shapes = np.concatenate([shapes, between])
    made.append(shapes)
  return made


# {kind of generator: makes its grids for a window (height, width)}.
_GRIDS: dict[str, Callable[[Any, tuple[int, int]], list[Grid]]] = {
  'multiscale_anchor_generator': _multiscale_grids,
  'grid_anchor_generator': _single_grid,
  'ssd_anchor_generator': _ssd_grids,
}
