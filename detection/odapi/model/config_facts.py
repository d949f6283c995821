"""Numbers that a pipeline.config fixes for every batch."""

from __future__ import annotations

from object_detection.utils import config_util

from detection.odapi.config.config_io import Config


def num_classes(config: Config) -> int:
  """The number of classes of whichever meta-architecture the config has."""
  return config_util.get_number_of_classes(config.model)


def static_size(config: Config) -> tuple[int, int] | None:
  """(height, width) in pixels when every image becomes the same size, else None."""
  height, width = config_util.get_spatial_image_size(config_util.get_image_resizer_config(config.model))
  return (height, width) if height > 0 and width > 0 else None
