"""Augmentation by short names, as a list of the OD API's preprocessing steps.

augment: [horizontal_flip, color_jitter, {cutout: {probability: 0.3}}]
"""

from collections.abc import Mapping
from typing import Any

from detection.base import suggest
from detection.base.errors import ConfigError
from detection.odapi.config import config_path
from detection.odapi.config.config_io import Config
from detection.odapi.protos import preprocessor_pb2
from detection.pipeline_config.sizes import input_size

# Stands for the longer side of the model's input, in pixels.
SIZE = '<input size>'
# {short name: steps of the OD API's preprocessor, each {name: {field: value}}}.
AUGMENTATIONS: dict[str, list[dict[str, dict[str, Any]]]] = {
  'horizontal_flip': [{'random_horizontal_flip': {}}],
  'vertical_flip': [{'random_vertical_flip': {}}],
  'rotation90': [{'random_rotation90': {}}],
  'ssd_random_crop': [{'ssd_random_crop': {}}],
  'ssd_random_crop_pad': [{'ssd_random_crop_pad': {}}],
  'random_crop': [
    {
      'random_crop_image': {
        'min_object_covered': 0.0,
        'min_aspect_ratio': 0.75,
        'max_aspect_ratio': 3.0,
        'min_area': 0.75,
        'max_area': 1.0,
        'overlap_thresh': 0.0,
      }
    }
  ],
  'scale_crop_pad': [
    {'random_scale_crop_and_pad_to_square': {'output_size': SIZE, 'scale_min': 0.5, 'scale_max': 1.5}}
  ],
  'square_crop': [{'random_square_crop_by_scale': {'scale_min': 0.6, 'scale_max': 1.3}}],
  'color_jitter': [
    {'random_adjust_brightness': {}},
    {'random_adjust_contrast': {}},
    {'random_adjust_saturation': {}},
    {'random_adjust_hue': {}},
  ],
  'distort_color': [{'random_distort_color': {}}],
  'gray': [{'random_rgb_to_gray': {}}],
  'jpeg_quality': [{'random_jpeg_quality': {'random_coef': 0.5, 'min_jpeg_quality': 40, 'max_jpeg_quality': 100}}],
  'patch_gaussian': [{'random_patch_gaussian': {'random_coef': 0.5, 'max_patch_size': 64, 'max_gaussian_stddev': 0.5}}],
  'cutout': [{'random_black_patches': {'max_black_patches': 4, 'probability': 0.5, 'size_to_image_ratio': 0.15}}],
  'autoaugment': [{'autoaugment_image': {'policy_name': 'v0'}}],
  'jitter_boxes': [{'random_jitter_boxes': {'ratio': 0.02}}],
  'self_concat': [
    {'random_self_concat_image': {'concat_vertical_probability': 0.2, 'concat_horizontal_probability': 0.2}}
  ],
}


def set_augmentation(config: Config, names: Any, where: str) -> None:
  """Replaces the augmentation steps of `config`, in place.

  Args:
    config: with a model, whose input size some steps need.
    names: what the user wrote: a list whose items are a short name, the name of an OD API step, or
      {either name: {field of the step: value}}.
    where: the key in the user's config, for messages.

  Raises:
    ConfigError: if it is no such list, or a name or field in it is unknown.
  """
  if not isinstance(names, list | tuple):
    raise ConfigError(f'{where}: expected a list of names, received {names!r}.')
  size = input_size(config)
  steps = [step for item in names for step in _steps(item, size, where)]
  config_path.put(config, 'train_config.data_augmentation_options', steps, where)


def _steps(item: Any, size: int, where: str) -> list[dict[str, Any]]:
  """One item of the list as OD API steps, {name: {field: value}}."""
  name, options = (item, {}) if isinstance(item, str) else _name_and_options(item, where)
  od_api_steps = preprocessor_pb2.PreprocessingStep.DESCRIPTOR.fields_by_name
  if name not in AUGMENTATIONS and name not in od_api_steps:
    hint = suggest.hint(name, [*AUGMENTATIONS, *od_api_steps], listed=AUGMENTATIONS)
    raise ConfigError(f'{where}: unknown "{name}"; {hint}.')
  steps = AUGMENTATIONS.get(name, [{name: {}}])
  if options and len(steps) > 1:
    raise ConfigError(f'{where}: "{name}" stands for several steps and takes no options. Name the steps one by one.')
  return [{step: _with_size({**fields, **options}, size)} for one in steps for step, fields in one.items()]


def _with_size(fields: Mapping[str, Any], size: int) -> dict[str, Any]:
  return {name: size if value == SIZE else value for name, value in fields.items()}


def _name_and_options(item: Any, where: str) -> tuple[str, Mapping[str, Any]]:
  if not isinstance(item, Mapping) or len(item) != 1:
    raise ConfigError(f'{where}: expected a name or {{name: {{option: value}}}}, received {item!r}.')
  ((name, options),) = item.items()
  options = options or {}
  if not isinstance(options, Mapping):
    raise ConfigError(f'{where}: expected a name or a mapping with one, received {options!r}.')
  return str(name), options
