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


ANGLES = {
  'degrees': ({'rotation': '90.0'}, 90),
  'degrees by their sign': ({'rotation': '90°'}, 90),
  'an angle that says its unit': ({'angle': '30 deg'}, 30),
  'an angle that does not': ({'orientation': '0.5'}, None),
  'degrees before an angle': ({'theta': '1.57', 'rotation': '90'}, 90),
  'not turned': ({'rotation': '0.0', 'angle': '0'}, 0),
  'a word': ({'orientation': 'left'}, 0),
  'the heading of an object in space': ({'yaw': '1.2'}, 0),
  'nothing': ({}, 0),
}


@pytest.mark.parametrize(('texts', 'expected'), ANGLES.values(), ids=ANGLES)
def test_the_angle_that_is_said_beside_a_box(texts, expected):
  assert rotation.degrees(texts) == expected
