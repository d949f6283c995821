"""Tiles cover an image, overlap as asked, and never reach beyond it."""

import itertools

import numpy as np
import pytest

from detection.tiles.grid import Grid, Window


@pytest.mark.parametrize(
  ('size', 'overlap', 'image', 'expected'),
  [
    pytest.param(100, 0.0, (200, 100), [(0, 0, 100, 100), (100, 0, 200, 100)], id='side by side'),
    pytest.param(100, 0.5, (150, 100), [(0, 0, 100, 100), (50, 0, 150, 100)], id='overlapping by half'),
    pytest.param(100, 0.2, (100, 90), [(0, 0, 100, 90)], id='an image no larger than a tile'),
    pytest.param(100, 0.0, (101, 40), [(0, 0, 100, 40), (1, 0, 101, 40)], id='one pixel more'),
  ],
)
def test_tiles_of_an_image(size, overlap, image, expected):
  assert Grid(size, overlap).windows(*image) == [Window(*window) for window in expected]


@pytest.mark.parametrize('overlap', [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize('image', [(640, 480), (333, 97), (65, 64), (30, 20)])
def test_every_pixel_is_in_a_tile_and_neighbours_overlap_as_asked(overlap, image):
  width, height = image
  windows = Grid(64, overlap).windows(width, height)
  covered = np.zeros((height, width), bool)
  for left, top, right, bottom in windows:
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert (right - left, bottom - top) == (min(64, width), min(64, height))
    covered[top:bottom, left:right] = True
  assert covered.all()
  starts = sorted({window.left for window in windows})
  assert all(second - first <= 64 * (1 - overlap) + 1 for first, second in itertools.pairwise(starts))
