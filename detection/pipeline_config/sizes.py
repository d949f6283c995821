"""The size of the model's input, and of an image after resizing, as a config has it."""

from typing import Any

import numpy as np

from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.odapi.protos import image_resizer_pb2


def resizer(config: Config) -> image_resizer_pb2.ImageResizer:
  """The image resizer of whichever meta-architecture is set."""
  return families.body(config).image_resizer


def input_shape(config: Config) -> tuple[int, int]:
  """(height, width) in pixels of the largest image the model is given."""
  kind, chosen = _chosen(config)
  if kind == 'fixed_shape_resizer':
    return chosen.height, chosen.width
  if kind == 'keep_aspect_ratio_resizer':
    return chosen.max_dimension, chosen.max_dimension
  return 1024, 1024  # images as they are; most photographs are no larger


def input_size(config: Config) -> int:
  """The longer side of input_shape."""
  return max(input_shape(config))


def resized(config: Config, height: np.ndarray, width: np.ndarray) -> np.ndarray:
  """The size of images after resizing, before padding.

  Args:
    config: with a model and its image resizer.
    height, width: [N] of the images, in pixels.

  Returns:
    [N, 2] float64 (height, width) in pixels. keep_aspect_ratio scales the shorter side to min_dimension, or the longer
    to max_dimension if it would come out longer, as object_detection/core/preprocessor.py does.
  """
  kind, chosen = _chosen(config)
  sides = np.stack([height, width], axis=1).astype(np.float64)
  if kind == 'fixed_shape_resizer':
    return np.broadcast_to([float(chosen.height), float(chosen.width)], sides.shape)
  if kind == 'keep_aspect_ratio_resizer':
    scale = np.minimum(chosen.min_dimension / sides.min(axis=1), chosen.max_dimension / sides.max(axis=1))
    return np.round(sides * scale[:, np.newaxis])
  return sides


def _chosen(config: Config) -> tuple[str, Any]:
  found = resizer(config)
  kind = found.WhichOneof('image_resizer_oneof') or 'keep_aspect_ratio_resizer'
  return kind, getattr(found, kind)
