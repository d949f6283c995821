"""Numbers that count the same things, one from 0 and the other from 1."""

import pytest

from components.voc_example_gen import counting

CASES = {
  'used from 1': ([0, 1, 2], [1, 2, 3], True),
  'used from 0': ([1, 2, 3], [0, 1, 2], True),
  'used from 1, one of them never': ([0, 1, 2, 3], [1, 3, 4], True),
  'the same': ([0, 1, 2], [0, 1, 2], False),
  'one is new, and the first is used': ([0, 1, 2], [0, 3], False),
  'one is new, and far from the others': ([0, 1, 2], [1, 9], False),
  'two are new': ([0, 1, 2], [1, 3, 4], False),
  'words': (['a', 'b'], ['b', 'c'], False),
  'one number says nothing': ([0], [1], False),
  'nothing': ([], [], False),
}


@pytest.mark.parametrize(('listed', 'used', 'expected'), CASES.values(), ids=CASES)
def test_numbers_that_are_off_by_one(listed, used, expected):
  assert counting.is_off_by_one(listed, used) == expected
