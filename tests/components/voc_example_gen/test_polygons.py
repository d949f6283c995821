"""Parallelograms, closed polygons, and sides that cross."""

import pytest

from components.voc_example_gen import polygons


@pytest.mark.parametrize(
  ('numbers', 'expected'),
  [
    ((0.1, 0.2, 0.3, 0.2, 0.3, 0.4, 0.1, 0.4), True),
    ((0.5, 0.1, 0.9, 0.3, 0.8, 0.5, 0.4, 0.3), True),
    ((0.5, 0.1, 0.9, 0.3, 0.8, 0.6, 0.4, 0.3), False),
    ((0.1, 0.2, 0.3, 0.2, 0.3, 0.4), False),
    ((0.1, 0.2, 0.3, 0.2, 0.3, 0.4, 0.1, 0.2), True),
  ],
)
def test_a_rotated_box_and_a_closed_polygon_are_known(numbers, expected):
  assert polygons.is_parallelogram_or_closed(numbers) is expected


@pytest.mark.parametrize(
  ('numbers', 'expected'),
  [
    ((0, 0, 1, 0, 1, 1, 0, 1), True),
    ((0, 0, 1, 1, 1, 0, 0, 1), False),
    ((0, 0, 1, 0, 0.5, 1), True),
    ((0, 0, 1, 0, 1, 1, 0.5, 0, 0, 1), True),  # touches a side
  ],
)
def test_sides_that_cross_make_a_polygon_not_simple(numbers, expected):
  assert polygons.is_simple(numbers) is expected
