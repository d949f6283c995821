"""Colours: every one can be read by Pillow, matplotlib and CSS, and classes differ."""

import re

from detection.report import palette


def test_neighbouring_classes_have_colours_of_their_own():
  colours = [palette.class_colour(number) for number in range(1, 60)]
  assert len(set(colours)) == len(colours)
  assert all(re.fullmatch('#[0-9a-f]{6}', colour) for colour in colours)


def test_a_class_id_below_one_has_the_first_colour():
  assert palette.class_colour(0) == palette.class_colour(1)


def test_both_colour_schemes_of_a_page_define_the_same_variables():
  assert palette.LIGHT_PAGE.keys() == palette.DARK_PAGE.keys()
