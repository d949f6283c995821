"""Images become what a network takes, as the OD API's models make it."""

import functools

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from detection.odapi.model.preparation import Preparation


class Extractor:
  def preprocess(self, images):
    return (2.0 / 255.0) * images - 1.0


class Model:
  """Prepares as the OD API's SSD: normalizes, then resizes each image."""

  def __init__(self, resizer):
    self._image_resizer_fn, self._feature_extractor = resizer, Extractor()

  def preprocess(self, images):
    from object_detection.utils import shape_utils

    return shape_utils.resize_images_and_return_shapes(
      self._feature_extractor.preprocess(images), self._image_resizer_fn
    )


def fixed():
  from object_detection.core import preprocessor

  return functools.partial(
    preprocessor.resize_image, new_height=48, new_width=64, method=tf.compat.v1.image.ResizeMethod.BILINEAR
  )


def keeping_aspect():
  return functools.partial(within_bounds(), pad_to_max_dimension=True)


def within_bounds():
  from object_detection.core import preprocessor

  return functools.partial(preprocessor.resize_to_range, min_dimension=64, max_dimension=64)


@pytest.mark.parametrize(
  ('resizer', 'size'), [(fixed, (48, 64)), (keeping_aspect, (64, 64)), (within_bounds, (None, None))]
)
def test_pixels_and_files_are_prepared_as_by_the_model(tmp_path, resizer, size):
  model = Model(resizer())
  preparation = Preparation(model)
  assert preparation.size() == size
  pictures = np.random.default_rng(0).integers(0, 255, (2, 90, 120, 3), np.uint8)
  for number, picture in enumerate(pictures):
    PIL.Image.fromarray(picture).save(tmp_path / f'{number}.png')
  files = tf.constant([(tmp_path / f'{number}.png').read_bytes() for number in range(2)])
  expected = model.preprocess(tf.constant(pictures, tf.float32))
  for prepared in (preparation.pixels(tf.constant(pictures)), preparation.encoded(files)):
    np.testing.assert_allclose(prepared[0], expected[0], atol=1e-6)
    np.testing.assert_array_equal(prepared[1], expected[1])


@pytest.mark.parametrize('resizer', [fixed, keeping_aspect, within_bounds])
def test_a_graph_knows_the_size_of_files_as_it_knows_that_of_pixels(resizer):
  preparation = Preparation(Model(resizer()))
  traced = tf.function(preparation.encoded, autograph=False).get_concrete_function(tf.TensorSpec([None], tf.string))
  assert tuple(traced.structured_outputs[0].shape[1:3]) == preparation.size()


def test_files_of_different_sizes_make_one_batch():
  files = [tf.io.encode_png(np.zeros((side, 30, 3), np.uint8)) for side in (20, 50)]
  images, shapes = Preparation(Model(fixed())).encoded(tf.stack(files))
  assert images.shape == (2, 48, 64, 3)
  assert shapes.numpy().tolist() == [[48, 64, 3], [48, 64, 3]]
