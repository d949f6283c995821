import types

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.odapi.model import cache

FIXED = 'model { ssd { image_resizer { fixed_shape_resizer { height: 8 width: 8 } } } }'
ANY = 'model { ssd { image_resizer { keep_aspect_ratio_resizer { min_dimension: 8 max_dimension: 16 } } } }'
FLIP = ' train_config { data_augmentation_options { random_horizontal_flip {} } }'
CROP = ' train_config { data_augmentation_options { random_crop_image {} } }'
COUNT = 10


@pytest.fixture
def allowance(monkeypatch):
  """Sets how many bytes the cache may take."""

  def allow(size):
    monkeypatch.setattr(cache, 'os', types.SimpleNamespace(sysconf=lambda name: size if name == 'SC_PAGE_SIZE' else 4))

  return allow


def chosen(text, place='auto', directory='', pixels=100):
  return cache.choose(config_io.parse(text), place, directory, COUNT, lambda: pixels)


@pytest.mark.parametrize(
  ('text', 'allowed', 'place', 'holds_inputs', 'shrinks'),
  [
    pytest.param(FIXED, COUNT * 8 * 8 * 3 * 4 + 1, 'memory', True, False, id='room for what the model takes'),
    pytest.param(FIXED, COUNT * 8 * 8 * 3 * 4, 'memory', False, True, id='room for whole numbers alone'),
    pytest.param(FIXED, COUNT * 8 * 8 * 3, 'none', False, False, id='no room'),
    pytest.param(FIXED + FLIP, 10**9, 'memory', False, True, id='augmented after the cache'),
    pytest.param(FIXED + CROP, 301, 'memory', False, False, id='a crop wants whole images, which fit'),
    pytest.param(FIXED + CROP, 300, 'none', False, False, id='a crop wants whole images, which do not fit'),
    pytest.param(ANY, 301, 'memory', False, False, id='images of many sizes'),
  ],
)
def test_images_are_kept_where_they_fit(allowance, text, allowed, place, holds_inputs, shrinks):
  allowance(allowed)
  found = chosen(text)
  assert (found.place, found.holds_inputs, found.shrink is not None) == (place, holds_inputs, shrinks)


def test_what_is_asked_for_is_taken():
  assert chosen(FIXED, 'none') == cache.Cache('none')
  assert chosen(FIXED + FLIP, 'disk', '/somewhere').directory == '/somewhere'
  with pytest.raises(ConfigError, match='"disk" needs a folder'):
    chosen(FIXED, 'disk')


def test_images_are_shrunk_to_whole_grey_values():
  shrink = chosen(FIXED + FLIP, 'memory').shrink
  small = shrink(tf.fill([16, 16, 3], np.uint8(7)))
  assert (small.shape, small.dtype) == ((8, 8, 3), tf.uint8)
  assert np.unique(small).tolist() == [7]


@pytest.mark.parametrize('place', ['memory', 'disk', 'none'])
def test_elements_are_read_once_where_they_are_kept(tmp_path, place):
  reads = []

  def numbers():
    reads.append(1)
    yield from range(3)

  dataset = tf.data.Dataset.from_generator(numbers, output_signature=tf.TensorSpec([], tf.int32))
  kept = cache.Cache(place, str(tmp_path)).keep(dataset, 3)
  assert [int(number) for _ in range(2) for number in kept] == [0, 1, 2] * 2
  assert len(reads) == (2 if place == 'none' else 1)
