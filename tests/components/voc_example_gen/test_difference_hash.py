"""Pictures that look alike have hashes that differ in few bits."""

import numpy as np
import pytest
from PIL import Image

from components.voc_example_gen import difference_hash


def noise(height, width):
  return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width), np.uint8)


def by_pillow(image):
  """The hash of an image that is not flat, by Pillow's own filters alone."""
  if (factor := min(image.size) // 64) > 1:
    image = image.reduce(factor)
  levels = np.asarray(image.convert('L').resize((9, 8), Image.Resampling.BOX))
  return int(''.join('01'[bit] for bit in (levels[:, :-1] < levels[:, 1:]).ravel().tolist()), 2)


def test_each_bit_says_whether_a_pixel_of_the_thumbnail_is_darker_than_the_next_one():
  grey = np.tile(np.uint8([0, 50, 40, 60, 60, 70, 10, 20, 30]), (8, 1))
  grey[7] = grey[7][::-1]
  rows = [0b10101011] * 7 + [0b00100010]
  assert difference_hash.of_grey(grey) == int.from_bytes(bytes(rows), 'big')


SIDES = [(8, 9), (9, 8), (9, 9), (5, 300), (60, 80), (127, 128), (128, 128), (300, 401)]


@pytest.mark.parametrize('sides', SIDES)
def test_the_hash_is_as_by_the_filters_of_pillow(sides):
  grey = noise(*sides)
  assert difference_hash.of_grey(grey) == by_pillow(Image.fromarray(grey))


def test_so_it_is_in_every_small_size():
  pictures = [noise(height, width) for height in range(9, 128, 7) for width in range(9, 128)]
  hashes = [difference_hash.of_grey(grey) for grey in pictures]
  assert hashes == [by_pillow(Image.fromarray(grey)) for grey in pictures]


@pytest.mark.parametrize('mode', ['L', 'RGB', 'RGBA', 'P', 'I;16'])
@pytest.mark.parametrize('sides', [(8, 9), (127, 128), (300, 401), (20, 3000)])
def test_a_thumbnail_has_the_hash_of_its_image(mode, sides):
  image = Image.fromarray(noise(*sides)).convert(mode)
  thumbnail = difference_hash.thumbnail(image)
  assert (thumbnail.dtype, thumbnail.shape) == (np.uint8, (8, 9))
  assert difference_hash.of_grey(thumbnail) == by_pillow(image if mode == 'L' else image.convert('RGB'))


def test_a_flat_picture_has_none():
  assert difference_hash.of_grey(np.full((60, 80), 200, np.uint8)) is None
  assert difference_hash.of_grey(np.full((480, 640), 9, np.uint8)) is None
