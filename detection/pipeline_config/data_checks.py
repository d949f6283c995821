"""A complete config against the data it will be trained on, before a GPU is touched: findings, never refusals."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.pipeline_config import anchors, memory, sizes
from detection.pipeline_config.split_boxes import SplitBoxes

JSON_NAME = 'checks.json'
TEXT_NAME = 'checks.txt'
# COCO's small and medium, as areas in pixels of the model's input.
_SMALL, _MEDIUM = 32**2, 96**2
# Below this share of boxes with an anchor, recall suffers for want of positive examples.
_ENOUGH = 0.9
# From this share on, other anchors would hardly help.
_GOOD = 0.98


@dataclasses.dataclass(frozen=True)
class DataChecks:
  """What was found.

  images, boxes: how many were looked at.
  anchored: {'all' | 'class NAME' | 'small' | 'medium' | 'large': share of boxes with an anchor of IoU >= 0.5}; empty
    for models without anchors.
  below_stride: share of boxes whose shorter side is less than the finest stride, after resizing.
  finest_stride: in pixels of the model's input.
  memory_gib: estimate of what training takes, see memory.estimate.
  suggestions: overrides that would give more boxes an anchor.
  warnings: sentences for people.
  """

  images: int
  boxes: int
  anchored: dict[str, float]
  below_stride: float
  finest_stride: int
  memory_gib: float
  suggestions: dict[str, Any]
  warnings: list[str]

  def to_dict(self) -> dict[str, Any]:
    return dataclasses.asdict(self)


def check(config: Config, truth: SplitBoxes, known: Mapping[str, int]) -> DataChecks:
  """Looks at anchors, strides, names, boxes an image, and memory.

  Args:
    config: complete.
    truth: of the train split.
    known: the label map, {class name: id}.
  """
  boxes = in_model_pixels(config, truth)
  overlap = anchors.best_overlap(config, boxes)
  anchored = {} if overlap is None or len(boxes) == 0 else _shares(overlap >= anchors.MATCHED, boxes, truth.names)
  stride = finest_stride(config)
  shorter = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
  below = float((shorter < stride).mean()) if len(boxes) else 0.0
  suggestions = anchors.suggest(config, boxes) if anchored and anchored['all'] < _GOOD else {}
  gib = memory.estimate(config)
  return DataChecks(
    images=truth.images,
    boxes=len(boxes),
    anchored={name: round(share, 4) for name, share in anchored.items()},
    below_stride=round(below, 4),
    finest_stride=stride,
    memory_gib=round(gib, 2),
    suggestions=suggestions,
    warnings=[
      *_anchor_warnings(anchored, suggestions),
      *_size_warnings(config, below, stride),
      *_data_warnings(config, truth, known),
      *memory.warnings(config, gib),
    ],
  )


def in_model_pixels(config: Config, truth: SplitBoxes) -> np.ndarray:
  """[N, 4] boxes (ymin, xmin, ymax, xmax) in pixels of the model's input."""
  if len(truth.boxes) == 0:
    return truth.boxes
  sides = sizes.resized(config, np.maximum(truth.heights, 1), np.maximum(truth.widths, 1))
  return truth.boxes * np.concatenate([sides, sides], axis=1)


def finest_stride(config: Config) -> int:
  """Pixels of the model's input between neighbouring predictions, at the finest."""
  generator = anchors.generator(config)
  if generator is None:
    return families.of(config).stride
  if generator.HasField('multiscale_anchor_generator'):
    return 2**generator.multiscale_anchor_generator.min_level
  if generator.HasField('grid_anchor_generator'):
    return generator.grid_anchor_generator.height_stride
  return families.of(config).stride


def render(checks: DataChecks) -> str:
  """A page of plain text: the warnings first, then the figures."""
  lines = [f'{checks.boxes} boxes in {checks.images} images of the train split.', '']
  lines += [f'WARNING: {warning}' for warning in checks.warnings] or ['Nothing to warn of.']
  lines += ['', f'shorter side below the finest stride ({checks.finest_stride} px): {checks.below_stride:.1%} of boxes']
  lines += [f'memory for training, estimated: {checks.memory_gib:.1f} GiB']
  if checks.anchored:
    lines += ['', f'boxes with an anchor of IoU >= {anchors.MATCHED}:']
    lines += [f'  {name:<24} {share:.1%}' for name, share in checks.anchored.items()]
  if checks.suggestions:
    lines += ['', 'anchors that would meet the boxes better (model.overrides; all at once: fit_anchors: true):']
    lines += [f'  {path}: {value}' for path, value in checks.suggestions.items()]
  return '\n'.join(lines) + '\n'


def _shares(met: np.ndarray, boxes: np.ndarray, names: np.ndarray) -> dict[str, float]:
  area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
  groups = {'all': np.ones(len(boxes), dtype=bool)}
  groups |= {'small': area < _SMALL, 'medium': (area >= _SMALL) & (area < _MEDIUM), 'large': area >= _MEDIUM}
  groups |= {f'class {name}': names == name for name in sorted(set(names))}
  return {name: float(met[group].mean()) for name, group in groups.items() if group.any()}


def _anchor_warnings(anchored: dict[str, float], suggestions: dict[str, Any]) -> list[str]:
  if not anchored or anchored['all'] >= _ENOUGH:
    return []
  remedy = ' fit_anchors: true in model.overrides would help.' if suggestions else ''
  worst = min((name for name in anchored if name != 'all'), key=anchored.get)
  return [
    f'only {anchored["all"]:.0%} of the boxes have an anchor of IoU >= {anchors.MATCHED} '
    f'(least: {worst}, {anchored[worst]:.0%}).{remedy}'
  ]


def _size_warnings(config: Config, below: float, stride: int) -> list[str]:
  if below < 0.05:
    return []
  height, width = sizes.input_shape(config)
  return [
    f'{below:.0%} of the boxes are smaller than the finest stride, {stride} px, when images are resized to '
    f'{height}x{width}. Expect to miss them: a larger input would help.'
  ]


def _data_warnings(config: Config, truth: SplitBoxes, known: Mapping[str, int]) -> list[str]:
  found = []
  strangers = sorted(set(truth.names) - known.keys())
  if strangers:
    found.append(f'not in the label map, so left out of training: {", ".join(strangers)}.')
  seen = {known[name] for name in truth.names if name in known}
  unseen = sorted(name for name, number in known.items() if number not in seen)
  if unseen and len(truth.names):
    found.append(f'in the label map, but not in the train split: {", ".join(unseen)}.')
  most = config.train_config.max_number_of_boxes
  if truth.most > most:
    found.append(
      f'up to {truth.most} boxes in an image, but train_config.max_number_of_boxes is {most}: the rest is cut.'
    )
  if truth.images and config.train_config.batch_size > truth.images:
    found.append(
      f'batches of {config.train_config.batch_size}, but {truth.images} images: some stand twice in a batch.'
    )
  return found
