"""Where decoded images are kept between epochs, and in which form."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from object_detection.builders import image_resizer_builder
from object_detection.utils import config_util

from detection.base.errors import ConfigError
from detection.odapi.config.config_io import Config
from detection.odapi.model import config_facts

# The part of the free memory that the cache may take.
FRACTION = 0.25


@dataclasses.dataclass(frozen=True)
class Cache:
  """One training's cache.

  place: 'memory', 'disk' or 'none'.
  directory: of 'disk'.
  holds_inputs: whether it holds what the model takes, the same in every epoch; else decoded images.
  shrink: what is done to each image before it is cached, uint8 [height, width, 3] to the same; None for nothing.
  """

  place: str
  directory: str = ''
  holds_inputs: bool = False
  shrink: Callable[[tf.Tensor], tf.Tensor] | None = None

  def keep(self, dataset: tf.data.Dataset, count: int) -> tf.data.Dataset:
    """The data set's `count` elements, kept from the first epoch on."""
    if self.place == 'memory':
      return dataset.take(count).cache()
    if self.place == 'disk':
      return dataset.cache(os.path.join(self.directory, 'decoded'))
    return dataset


def choose(config: Config, place: str, directory: str, count: int, pixels: Callable[[], int]) -> Cache:
  """The cache for a training.

  Args:
    config: complete.
    place: 'none', 'memory', 'disk', or 'auto': memory when the decoded images fit into FRACTION of the free memory.
    directory: where 'disk' keeps its files.
    count: number of images.
    pixels: gives the number of pixels of all images; called only if the answer depends on it.

  Raises:
    ConfigError: if 'disk' has no directory.
  """
  if place == 'auto':
    place = 'memory' if _bytes(config, count, pixels) < _allowance() else 'none'
  if place == 'none':
    return Cache('none')
  if place == 'disk' and not directory:
    raise ConfigError('train.cache: "disk" needs a folder to keep the decoded images in.')
  if _inputs_fit(config, count):
    return Cache(place, directory, holds_inputs=True)
  # Resized early, images are not quite those of the OD API's own input, which normalises first; there must be a gain.
  return Cache(place, directory, shrink=_shrink(config))


def _shrink(config: Config) -> Callable[[tf.Tensor], tf.Tensor] | None:
  """Resizes once, before the cache, with the model's own resizer.

  Only for the fixed shape resizer, where resizing and flips, turns and colour changes may change places. A crop looks
  closer at a part of the image, so no image is made smaller before one: then decoded images are kept at full size.
  Pixels are rounded to whole numbers, a quarter of the memory of what they are resized to.
  """
  resizer = config_util.get_image_resizer_config(config.model)
  if resizer.WhichOneof('image_resizer_oneof') != 'fixed_shape_resizer':
    return None
  steps = [step.WhichOneof('preprocessing_step') for step in config.train_config.data_augmentation_options]
  if any('crop' in step or 'pad' in step or 'scale' in step for step in steps):
    return None
  resize = image_resizer_builder.build(resizer)
  return lambda image: tf.cast(tf.round(resize(image, None)[0]), tf.uint8)


def _allowance() -> float:
  """Bytes that a cache may take."""
  return os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') * FRACTION


def _inputs_fit(config: Config, count: int) -> bool:
  """Whether the cache can hold what the model takes: nothing random comes after it, and float32 images fit."""
  size = config_facts.static_size(config)
  if size is None or config.train_config.data_augmentation_options:
    return False
  return count * size[0] * size[1] * 3 * np.dtype(np.float32).itemsize < _allowance()


def _bytes(config: Config, count: int, pixels: Callable[[], int]) -> int:
  """Bytes of all decoded images, resized before the cache where that is done."""
  size = config_facts.static_size(config)
  if size is not None and _shrink(config) is not None:
    return count * size[0] * size[1] * 3
  return 3 * pixels()
