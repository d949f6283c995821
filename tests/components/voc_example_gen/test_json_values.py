"""Values of a JSON file are taken for what they are."""

import pytest

from components.voc_example_gen import json_values


@pytest.mark.parametrize(
  ('value', 'expected'), [(1, True), (1.5, True), (True, False), ('1', False), (None, False), ([1], False)]
)
def test_numbers_are_numbers_only(value, expected):
  assert json_values.is_number(value) is expected


@pytest.mark.parametrize(
  ('value', 'expected'), [(64, 64), (64.0, 64), (0, None), (-1, None), (1e9, None), (float('nan'), None), ('64', None)]
)
def test_a_side_is_a_number_of_pixels(value, expected):
  assert json_values.size(value) == expected


@pytest.mark.parametrize(
  ('value', 'expected'), [(1, True), (True, True), ('1', True), ('true', True), (0, False), ('0', False), (None, False)]
)
def test_a_flag_may_be_a_number_or_a_word(value, expected):
  assert json_values.flag(value) is expected


def test_a_text_is_a_string():
  assert [json_values.text(value) for value in ('a', 1, None)] == ['a', '', '']
