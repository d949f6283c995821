"""The texts of annotation files as numbers and names."""

import pytest

from components.voc_example_gen import annotation
from components.voc_example_gen.annotation import Annotation, BoxRule, Object


@pytest.mark.parametrize(
  ('text', 'label'),
  [
    ('  polar \n bear ', 'polar bear'),
    ('Ba\u0308r', 'B\u00e4r'),
    ('x' * 201, ''),
    ('\x1b[2J', ''),
    (None, ''),
    (' ', ''),
  ],
)
def test_a_class_name_has_one_spelling(text, label):
  assert annotation.clean_label(text) == label


@pytest.mark.parametrize(('text', 'size'), [('64', 64), ('48.9', 48), ('0', None), ('nan', None), ('1e300', None)])
def test_a_declared_side_is_a_sensible_number_of_pixels(text, size):
  assert annotation.to_size(text) == size


def test_corners_are_four_numbers_or_nothing():
  assert annotation.to_corners(['1', ' 2.5 ', '3e1', '4']) == (1, 2.5, 30, 4)
  assert annotation.to_corners(['1', 'two', '3', '4']) is None


def test_results_are_sorted_into_objects_and_rules():
  cat = Object('cat', 1, 2, 3, 4)
  assert annotation.sort_out([cat, BoxRule.UNNAMED]) == ((cat,), (BoxRule.UNNAMED,))


@pytest.mark.parametrize(('relative', 'declared'), [(False, (64, 48)), (True, (None, None))])
def test_fractions_refer_to_no_size_in_pixels(relative, declared):
  assert Annotation(width=64, height=48, relative=relative).declared_size == declared
