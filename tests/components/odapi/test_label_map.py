"""label_map.pbtxt in and out."""

import pytest

from components.errors import DataError
from components.odapi import label_map


def test_names_come_back_in_the_order_of_their_ids():
  text = label_map.dump({'zebra "z"': 1, 'ärger': 3, 'ant': 2})
  assert list(label_map.parse(text).items()) == [('zebra "z"', 1), ('ant', 2), ('ärger', 3)]


def test_the_display_name_stands_in_for_a_missing_name():
  assert label_map.parse('item { id: 1 display_name: "person" }') == {'person': 1}


@pytest.mark.parametrize(
  ('text', 'expected'),
  [
    pytest.param('item { id: 1 name: ', 'not a label map', id='cut short'),
    pytest.param('item { id: 1 }', 'item with id 1 has no name', id='no name'),
    pytest.param('item { id: 0 name: "a" }', '"a" has id 0.*background', id='the id of the background'),
    pytest.param('item { id: 1 name: "a" } item { id: 2 name: "a" }', 'name "a" stands twice', id='a name twice'),
    pytest.param('item { id: 1 name: "a" } item { id: 1 name: "b" }', 'id 1 stands twice.*"b"', id='an id twice'),
  ],
)
def test_what_is_no_label_map_is_refused(text, expected):
  with pytest.raises(DataError, match=f'labels.pbtxt: .*{expected}'):
    label_map.parse(text, 'labels.pbtxt')
