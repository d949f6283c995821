"""Augmentation by short names becomes steps of the OD API's preprocessor."""

import pytest

from detection.base.errors import ConfigError
from detection.pipeline_config import augmentation
from tests.support import patching


def steps(config):
  return [step.WhichOneof('preprocessing_step') for step in config.train_config.data_augmentation_options]


def test_augmentation_by_short_names_takes_the_place_of_the_bases():
  config = patching.complete(
    augment=['horizontal_flip', 'color_jitter', {'cutout': {'probability': 0.25}}, 'random_jitter_boxes']
  )

  assert steps(config) == [
    'random_horizontal_flip',
    'random_adjust_brightness',
    'random_adjust_contrast',
    'random_adjust_saturation',
    'random_adjust_hue',
    'random_black_patches',
    'random_jitter_boxes',
  ]
  assert config.train_config.data_augmentation_options[5].random_black_patches.probability == 0.25


def test_no_augmentation_at_all():
  assert steps(patching.complete(augment=[])) == []


def test_a_square_crop_has_the_size_of_the_input():
  crop = patching.complete(augment=['scale_crop_pad']).train_config.data_augmentation_options[0]

  assert crop.random_scale_crop_and_pad_to_square.output_size == 320


@pytest.mark.parametrize(
  ('overrides', 'expected'),
  [
    ({'augment': ['horizontal_flipp']}, 'augment: unknown "horizontal_flipp"; nearest: "horizontal_flip"'),
    ({'augment': 'horizontal_flip'}, 'augment: expected a list'),
    ({'augment': [{'color_jitter': {'max_delta': 1}}]}, 'stands for several steps'),
    ({'augment': [{'cutout': {'probabilty': 1}}]}, 'nearest'),
    ({'augment': [3]}, 'expected a name or'),
  ],
)
def test_augmentation_that_does_not_fit_is_refused_by_name(overrides, expected):
  with pytest.raises(ConfigError, match=expected):
    patching.complete(**overrides)


@pytest.mark.slow
@pytest.mark.parametrize('name', sorted(augmentation.AUGMENTATIONS))
def test_every_short_name_augments_an_image_on_this_stack(name):
  from detection.odapi import compat

  compat.apply()
  import tensorflow as tf
  from object_detection import inputs
  from object_detection.builders import preprocessor_builder

  options = [
    preprocessor_builder.build(o) for o in patching.complete(augment=[name]).train_config.data_augmentation_options
  ]
  example = {
    'image': tf.random.stateless_uniform([64, 64, 3], [1, 2], 0, 255),
    'groundtruth_boxes': tf.constant([[0.25, 0.25, 0.75, 0.75]]),
    'groundtruth_classes': tf.constant([1], tf.int64),
    'groundtruth_weights': tf.ones([1]),
  }

  augmented = tf.function(lambda: inputs.augment_input_data(dict(example), options))()

  boxes = augmented['groundtruth_boxes'].numpy()
  assert augmented['image'].shape[-1] == 3
  assert boxes.shape[1] == 4
  assert ((boxes >= -1e-6) & (boxes <= 1 + 1e-6)).all()
