"""The upright box around a box that is turned about its centre."""

import math

import pytest

from components.voc_example_gen import rotation

PLANK = (10, 45, 90, 55)


@pytest.mark.parametrize(
  ('degrees', 'expected'),
  [
    (0, PLANK),
    (180, PLANK),
    (90, (45, 10, 55, 90)),
    (270, (45, 10, 55, 90)),
    (-90, (45, 10, 55, 90)),
  ],
)
def test_quarter_turns_give_whole_pixels(degrees, expected):
  assert rotation.upright_around(PLANK, degrees) == expected


@pytest.mark.parametrize('degrees', [10, 45, 100, 359, -30])
def test_any_turn_gives_the_box_around_the_turned_corners(degrees):
  angle = math.radians(degrees)
  turned = [
    (50 + x * math.cos(angle) - y * math.sin(angle), 50 + x * math.sin(angle) + y * math.cos(angle))
    for x in (-40, 40)
    for y in (-5, 5)
  ]
  xs, ys = zip(*turned, strict=True)
  assert rotation.upright_around(PLANK, degrees) == pytest.approx((min(xs), min(ys), max(xs), max(ys)))
