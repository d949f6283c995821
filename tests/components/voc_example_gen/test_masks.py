"""Bounding boxes of polygons and run-length masks, also against the COCO API's own decoder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.voc_example_gen import masks

SQUARE = (10, 20, 40, 60)

POLYGONS = {
  'one polygon': [[10, 20, 40, 20, 40, 60, 10, 60]],
  'two polygons': [[10, 20, 12, 20, 12, 25], [30, 50, 40, 60, 35, 55]],
  'a flat list': [10, 20, 40, 20, 40, 60, 10, 60],
  'a list of points': [[10, 20], [40, 20], [40, 60]],
  'points of a polygon in a list': [[[10, 20], [40, 20], [40, 60]]],
}


@pytest.mark.parametrize('segmentation', POLYGONS.values(), ids=POLYGONS)
def test_a_polygon_has_the_box_around_its_corners(segmentation):
  assert masks.bounds(segmentation) == SQUARE


NOTHING = {
  'empty': [],
  'a line': [[1, 2, 3, 4]],
  'an odd number of sides': [[1, 2, 3, 4, 5, 6, 7]],
  'words': [['1', '2', '3', '4', '5', '6']],
  'not finite': [[1, 2, 3, 4, 5, float('nan')]],
  'too large a number': [[1, 2, 3, 4, 5, 10**400]],
  'nested deeper': [[[[1, 2, 3, 4, 5, 6]]]],
  'a word': 'polygon',
  'nothing': None,
  'runs without a size': {'counts': [1, 2]},
  'runs that do not fill the image': {'size': [2, 2], 'counts': [1, 2]},
  'runs below zero': {'size': [2, 2], 'counts': [6, -2]},
  'only background': {'size': [2, 2], 'counts': [4]},
  'letters of no run': {'size': [2, 2], 'counts': 'é'},
  'letters cut short': {'size': [2, 2], 'counts': 'oo'},
}


@pytest.mark.parametrize('segmentation', NOTHING.values(), ids=NOTHING)
def test_what_is_no_mask_has_no_box(segmentation):
  assert masks.bounds(segmentation) is None


@given(
  rows=st.integers(1, 40), columns=st.integers(1, 40), seed=st.integers(0, 2**32 - 1), density=st.floats(0.001, 0.9)
)
@settings(max_examples=100, deadline=None)
def test_run_lengths_have_the_box_of_their_pixels(rows, columns, seed, density):
  from pycocotools import mask as coco_api

  pixels = np.random.default_rng(seed).random((rows, columns)) < density
  encoded = coco_api.encode(np.asfortranarray(pixels.astype(np.uint8)))
  changes = np.flatnonzero(np.diff(np.concatenate([[False], pixels.T.ravel()])))
  runs = np.diff([0, *changes, pixels.size]).tolist()
  ys, xs = np.nonzero(pixels)
  expected = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(xs) else None
  assert masks.bounds({'size': [rows, columns], 'counts': encoded['counts'].decode()}) == expected
  assert masks.bounds({'size': [rows, columns], 'counts': runs}) == expected
