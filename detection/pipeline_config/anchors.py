"""Anchors against the data: how well they meet the boxes, and which would meet them better."""

import dataclasses
import math
from typing import Any

import numpy as np

from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.odapi.protos import anchor_generator_pb2
from detection.pipeline_config.sizes import input_shape

MATCHED = 0.5
# The SSD feature maps without a pyramid begin at this stride in all the OD API's TF 2 extractors.
_SSD_FIRST_STRIDE = 16
_SCALES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@dataclasses.dataclass(frozen=True)
class Grid:
  """Anchors of one feature map: the same shapes around every centre.

  shapes: [K, 2] float64, (height, width) in pixels of the model's input.
  stride, offset: (y, x) between centres, and of the first centre, in pixels.
  cells: (rows, columns).
  """

  shapes: np.ndarray
  stride: tuple[float, float]
  offset: tuple[float, float]
  cells: tuple[int, int]


def generator(config: Config) -> anchor_generator_pb2.AnchorGenerator | None:
  """The anchor generator of whichever meta-architecture is set; None for those without anchors."""
  field = families.of(config).anchors
  return getattr(families.body(config), field) if field else None


def grids(config: Config) -> list[Grid] | None:
  """The anchors the OD API would make for the model's input; None if there are none, or of a kind not known here."""
  chosen = generator(config)
  kind = chosen.WhichOneof('anchor_generator_oneof') if chosen is not None else None
  makers = {'multiscale_anchor_generator': _multiscale, 'grid_anchor_generator': _plain, 'ssd_anchor_generator': _ssd}
  return makers[kind](getattr(chosen, kind), input_shape(config)) if kind in makers else None


def best_overlap(config: Config, boxes: np.ndarray) -> np.ndarray | None:
  """IoU of each box with its best anchor.

  Of anchors of one shape the one with the nearest centre overlaps most, so only that is looked at.

  Args:
    config: with a model.
    boxes: [N, 4] (ymin, xmin, ymax, xmax), in pixels of the model's input.

  Returns:
    [N] in [0, 1], or None where `grids` is None.
  """
  found = grids(config)
  if found is None:
    return None
  window = np.array(input_shape(config), dtype=np.float64)
  best = np.zeros(len(boxes))
  for grid in found:
    for shape in grid.shapes:
      best = np.maximum(best, _overlap(boxes.astype(np.float64), grid, shape, window, _border(config)))
  return best


def suggest(config: Config, boxes: np.ndarray) -> dict[str, Any]:
  """Overrides {dotted path: value} that let more boxes find an anchor; empty if none were found.

  Aspect ratios by k-means of log(width / height), scales of grid anchors by k-means of log(side), as many as there are;
  the scale of pyramid anchors by trying. Heads keep their shape, so a checkpoint still fits.
  """
  chosen = generator(config)
  kind = chosen.WhichOneof('anchor_generator_oneof') if chosen is not None else None
  overlap = best_overlap(config, boxes)
  if overlap is None or len(boxes) == 0:
    return {}
  height, width = _sides(boxes)
  current = getattr(chosen, kind)
  ratios = [_nice(value) for value in np.exp(kmeans(np.log(width / height), len(current.aspect_ratios)))]
  candidates = [{'aspect_ratios': ratios}]
  if kind == 'multiscale_anchor_generator':
    candidates = [{**extra, 'anchor_scale': scale} for scale in _SCALES for extra in ({}, *candidates)]
  elif kind == 'grid_anchor_generator':
    base = math.sqrt(current.height * current.width)
    sides = np.exp(kmeans(np.log(np.sqrt(height * width) / base), len(current.scales)))
    candidates.append({'aspect_ratios': ratios, 'scales': [_nice(value) for value in sides]})
  elif kind == 'ssd_anchor_generator' and not current.scales:
    relative = np.sqrt(height * width) / min(input_shape(config))
    low, high = (_nice(value) for value in np.quantile(relative, [0.05, 0.95]))
    candidates.append({'aspect_ratios': ratios, 'min_scale': low, 'max_scale': max(high, low + 0.1)})
  return _better(config, boxes, overlap, candidates, kind)


def kmeans(values: np.ndarray, count: int, rounds: int = 100) -> np.ndarray:
  """Centres of `count` clusters of [N] numbers, rising, by Lloyd's algorithm from evenly spaced quantiles.

  Fewer distinct values than clusters give centres that stand twice.
  """
  centres = np.quantile(values, (np.arange(count) + 0.5) / count)
  for _ in range(rounds):
    nearest = np.abs(values[:, np.newaxis] - centres).argmin(axis=1)
    moved = np.array([values[nearest == k].mean() if (nearest == k).any() else centres[k] for k in range(count)])
    if np.allclose(moved, centres):
      break
    centres = moved
  return np.sort(centres)


def _better(
  config: Config, boxes: np.ndarray, overlap: np.ndarray, candidates: list[dict], kind: str
) -> dict[str, Any]:
  family = families.of(config)
  best, best_score = {}, _score(overlap) + 0.005  # what is hardly better is not worth a change
  for candidate in candidates:
    trial = Config()
    trial.CopyFrom(config)
    target = getattr(generator(trial), kind)
    for name, value in candidate.items():
      if isinstance(value, list):
        getattr(target, name)[:] = value
      else:
        setattr(target, name, value)
    score = _score(best_overlap(trial, boxes))
    if score > best_score:
      best_score = score
      best = {f'model.{family.name}.{family.anchors}.{kind}.{name}': value for name, value in candidate.items()}
  return best


def _score(overlap: np.ndarray) -> float:
  """The share of boxes that find an anchor; the mean overlap breaks ties."""
  return float((overlap >= MATCHED).mean() + 0.1 * overlap.mean())


def _nice(value: float) -> float:
  return float(f'{value:.3g}')


def _border(config: Config) -> str:
  """What becomes of anchors that stick out of the image: SSD keeps them, Faster R-CNN clips them or leaves them out."""
  clips = families.of(config).clips_anchors
  if not clips:
    return 'keep'
  return 'clip' if getattr(families.body(config), clips) else 'leave out'


def _sides(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  return np.maximum(boxes[:, 2] - boxes[:, 0], 1e-3), np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3)


def _shapes(scales: list[float], ratios: list[float], base: tuple[float, float]) -> np.ndarray:
  """[K, 2] (height, width); a ratio is width / height at equal area, as grid_anchor_generator.py has it."""
  return np.array([(s / math.sqrt(r) * base[0], s * math.sqrt(r) * base[1]) for s in scales for r in ratios])


def _multiscale(options: Any, window: tuple[int, int]) -> list[Grid]:
  scales = [2 ** (step / options.scales_per_octave) for step in range(options.scales_per_octave)]
  found = []
  for level in range(options.min_level, options.max_level + 1):
    stride = 2**level
    side = stride * options.anchor_scale
    found.append(
      Grid(
        shapes=_shapes(scales, list(options.aspect_ratios), (side, side)),
        stride=(stride, stride),
        offset=tuple(stride / 2 if side % stride == 0 else 0.0 for side in window),
        cells=tuple(math.ceil(side / stride) for side in window),
      )
    )
  return found


def _plain(options: Any, window: tuple[int, int]) -> list[Grid]:
  stride = (options.height_stride, options.width_stride)
  return [
    Grid(
      shapes=_shapes(list(options.scales), list(options.aspect_ratios), (options.height, options.width)),
      stride=stride,
      offset=(options.height_offset, options.width_offset),
      cells=tuple(math.ceil(side / step) for side, step in zip(window, stride, strict=True)),
    )
  ]


def _ssd(options: Any, window: tuple[int, int]) -> list[Grid]:
  """As create_ssd_anchors in multiple_grid_anchor_generator.py: sizes relative to the shorter side."""
  count = options.num_layers
  step = (options.max_scale - options.min_scale) / max(count - 1, 1)
  scales = [*(list(options.scales) or [options.min_scale + step * layer for layer in range(count)]), 1.0]
  cells = tuple(math.ceil(side / _SSD_FIRST_STRIDE) for side in window)
  base = (options.base_anchor_height * min(window), options.base_anchor_width * min(window))
  found = []
  for layer in range(count):
    scale, following = scales[layer], scales[layer + 1]
    if layer == 0 and options.reduce_boxes_in_lowest_layer:
      shapes = np.concatenate([_shapes([0.1], [1.0], base), _shapes([scale], [2.0, 0.5], base)])
    else:
      shapes = _shapes([scale], list(options.aspect_ratios), base)
      if options.interpolated_scale_aspect_ratio > 0:
        extra = _shapes([math.sqrt(scale * following)], [options.interpolated_scale_aspect_ratio], base)
        shapes = np.concatenate([shapes, extra])
    stride = tuple(side / number for side, number in zip(window, cells, strict=True))
    found.append(Grid(shapes, stride, (stride[0] / 2, stride[1] / 2), cells))
    cells = tuple(math.ceil(number / 2) for number in cells)
  return found


def _overlap(boxes: np.ndarray, grid: Grid, shape: np.ndarray, window: np.ndarray, border: str) -> np.ndarray:
  centres = (boxes[:, :2] + boxes[:, 2:]) / 2
  first, last = np.zeros(2), np.array(grid.cells) - 1.0
  stride, offset = np.array(grid.stride, dtype=np.float64), np.array(grid.offset, dtype=np.float64)
  if border == 'leave out':
    first = np.maximum(first, np.ceil((shape / 2 - offset) / stride))
    last = np.minimum(last, np.floor((window - shape / 2 - offset) / stride))
    if (first > last).any():
      return np.zeros(len(boxes))
  middle = np.clip(np.round((centres - offset) / stride), first, last) * stride + offset
  low, high = middle - shape / 2, middle + shape / 2
  if border == 'clip':
    low, high = np.maximum(low, 0), np.minimum(high, window)
  common = np.maximum(np.minimum(high, boxes[:, 2:]) - np.maximum(low, boxes[:, :2]), 0).prod(axis=1)
  union = (high - low).clip(0).prod(axis=1) + (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1) - common
  return common / np.maximum(union, 1e-9)
