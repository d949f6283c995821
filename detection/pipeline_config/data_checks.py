"""A complete config compared with the data it will be trained on, before a GPU is used: warnings, never refusals."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.pipeline_config import anchor_fitting, anchors, memory, sizes
from detection.pipeline_config.split_boxes import SplitBoxes

JSON_NAME = 'checks.json'
TEXT_NAME = 'checks.txt'
# COCO's limits of small and medium boxes, as areas in pixels of the model's input.
_SMALL, _MEDIUM = 32**2, 96**2
# With a lower fraction of boxes that have an anchor, recall suffers for lack of positive examples.
_LEAST_ANCHORED = 0.9
# With a higher one, other anchors would hardly help.
_WELL_ANCHORED = 0.98
# From this fraction of boxes below the finest stride on, the user is warned.
_MANY_BELOW_STRIDE = 0.05


@dataclasses.dataclass(frozen=True)
class DataChecks:
  """What was found.

  images, boxes: how many were looked at.
  anchored: {'all' | 'class NAME' | 'small' | 'medium' | 'large': fraction of boxes with an anchor of IoU >= 0.5}; empty
    for models without anchors.
  below_stride: fraction of boxes whose shorter side is less than the finest stride, after resizing.
  finest_stride: in pixels of the model's input.
  memory_gib: estimate of the memory that training takes, see memory.estimate.
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
    """The fields by name, as they are written to checks.json."""
    return dataclasses.asdict(self)


def check(config: Config, split: SplitBoxes, labels: Mapping[str, int]) -> DataChecks:
  """Checks anchors, strides, class names, boxes an image, and memory.

  Args:
    config: complete.
    split: the boxes of the train split.
    labels: the label map, {class name: id}.
  """
  boxes = in_model_pixels(config, split)
  overlap = anchors.best_overlap(config, boxes)
  anchored = {} if overlap is None or not len(boxes) else _fractions(overlap >= anchors.MATCHED, boxes, split.names)
  stride = finest_stride(config)
  shorter = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
  below = float((shorter < stride).mean()) if len(boxes) else 0.0
  suggestions = anchor_fitting.fit(config, boxes) if anchored and anchored['all'] < _WELL_ANCHORED else {}
  gib = memory.estimate(config)
  return DataChecks(
    images=split.images,
    boxes=len(boxes),
    anchored={name: round(fraction, 4) for name, fraction in anchored.items()},
    below_stride=round(below, 4),
    finest_stride=stride,
    memory_gib=round(gib, 2),
    suggestions=suggestions,
    warnings=[
      *_anchor_warnings(anchored, suggestions),
      *_size_warnings(config, below, stride),
      *_name_warnings(split, labels),
      *_count_warnings(config, split),
      *memory.warnings(config, gib),
    ],
  )


def in_model_pixels(config: Config, split: SplitBoxes) -> np.ndarray:
  """[N, 4] boxes (ymin, xmin, ymax, xmax) in pixels of the model's input."""
  if len(split.boxes) == 0:
    return split.boxes
  sides = sizes.resized(config, np.maximum(split.heights, 1), np.maximum(split.widths, 1))
  return split.boxes * np.concatenate([sides, sides], axis=1)


def finest_stride(config: Config) -> int:
  """Pixels of the model's input between neighbouring predictions, at the finest feature map."""
  found = anchors.kind_and_options(config)
  if found and found[0] == 'multiscale_anchor_generator':
    return 2 ** found[1].min_level
  if found and found[0] == 'grid_anchor_generator':
    return found[1].height_stride
  return families.of(config).stride


def render(checks: DataChecks) -> str:
  """A page of plain text: the warnings first, then the figures."""
  lines = [f'{checks.boxes} boxes in {checks.images} images of the train split.', '']
  lines += [f'WARNING: {warning}' for warning in checks.warnings] or ['Nothing to warn of.']
  lines += ['', f'shorter side below the finest stride ({checks.finest_stride} px): {checks.below_stride:.1%} of boxes']
  lines += [f'memory for training, estimated: {checks.memory_gib:.1f} GiB']
  if checks.anchored:
    lines += ['', f'boxes with an anchor of IoU >= {anchors.MATCHED}:']
    lines += [f'  {name:<24} {fraction:.1%}' for name, fraction in checks.anchored.items()]
  if checks.suggestions:
    lines += ['', 'anchors that would meet the boxes better (model.overrides; all at once: fit_anchors: true):']
    lines += [f'  {path}: {value}' for path, value in checks.suggestions.items()]
  return '\n'.join(lines) + '\n'


def _fractions(matched: np.ndarray, boxes: np.ndarray, names: np.ndarray) -> dict[str, float]:
  """The fraction of True in `matched` [N], over all boxes and by size and class; groups without boxes are left out."""
  area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
  groups = {'all': np.ones(len(boxes), dtype=bool)}
  groups |= {'small': area < _SMALL, 'medium': (area >= _SMALL) & (area < _MEDIUM), 'large': area >= _MEDIUM}
  groups |= {f'class {name}': names == name for name in sorted(set(names))}
  return {name: float(matched[group].mean()) for name, group in groups.items() if group.any()}


def _anchor_warnings(anchored: dict[str, float], suggestions: dict[str, Any]) -> list[str]:
  if not anchored or anchored['all'] >= _LEAST_ANCHORED:
    return []
  remedy = ' fit_anchors: true in model.overrides would help.' if suggestions else ''
  worst, fraction = min(((n, f) for n, f in anchored.items() if n != 'all'), key=lambda item: item[1])
  return [
    f'only {anchored["all"]:.0%} of the boxes have an anchor of IoU >= {anchors.MATCHED} '
    f'(least: {worst}, {fraction:.0%}).{remedy}'
  ]


def _size_warnings(config: Config, below: float, stride: int) -> list[str]:
  if below < _MANY_BELOW_STRIDE:
    return []
  height, width = sizes.input_shape(config)
  return [
    f'{below:.0%} of the boxes are smaller than the finest stride, {stride} px, when images are resized to '
    f'{height}x{width}. Expect to miss them: a larger input would help.'
  ]


def _name_warnings(split: SplitBoxes, labels: Mapping[str, int]) -> list[str]:
  found = []
  unknown = sorted(set(split.names) - labels.keys())
  if unknown:
    found.append(f'not in the label map, so left out of training: {", ".join(unknown)}.')
  seen = {labels[name] for name in split.names if name in labels}
  unseen = sorted(name for name, number in labels.items() if number not in seen)
  if unseen and len(split.names):
    found.append(f'in the label map, but not in the train split: {", ".join(unseen)}.')
  return found


def _count_warnings(config: Config, split: SplitBoxes) -> list[str]:
  found = []
  train = config.train_config
  if split.most > train.max_number_of_boxes:
    found.append(
      f'up to {split.most} boxes in an image, but train_config.max_number_of_boxes is {train.max_number_of_boxes}: '
      f'the rest is cut.'
    )
  if split.images and train.batch_size > split.images:
    found.append(f'batches of {train.batch_size}, but {split.images} images: some stand twice in a batch.')
  return found
