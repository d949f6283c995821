"""label_map.pbtxt in and out."""

import pytest
import tensorflow as tf
from object_detection.builders import decoder_builder
from object_detection.protos import input_reader_pb2
from object_detection.utils import label_map_util

from detection.base.errors import DataError
from detection.odapi import label_map, model  # noqa: F401 - model mends the OD API
from tests.support.colour_detector import example


def test_names_come_back_in_the_order_of_their_ids():
  text = label_map.dump({'zebra "z"': 1, 'ärger': 3, 'ant': 2})
  assert list(label_map.parse(text).items()) == [('zebra "z"', 1), ('ant', 2), ('ärger', 3)]


def test_the_display_name_stands_in_for_a_missing_name():
  assert label_map.parse('item { id: 1 display_name: "person" }') == {'person': 1}


def test_names_may_share_an_id_where_that_is_asked_for():
  labels = {'object': 1, 'zebra': 1, 'ant': 1, 'car': 2}
  assert list(label_map.parse_shared(label_map.dump(labels)).items()) == list(labels.items())
  assert label_map.categories(labels) == {'object': 1, 'car': 2}


def test_the_od_apis_reader_takes_names_that_share_an_id_for_one_class(tmp_path):
  path = tmp_path / 'label_map.pbtxt'
  path.write_text(label_map.dump({'object': 1, 'red': 1, 'blue': 1}))
  reader = input_reader_pb2.InputReader(label_map_path=str(path))
  reader.tf_record_input_reader.input_path.append('unread')
  record = example('a.png', [('red', (16, 8, 40, 32)), ('blue', (8, 56, 48, 88))])
  decoded = decoder_builder.build(reader).decode(tf.constant(record))
  assert decoded['groundtruth_classes'].numpy().tolist() == [1, 1]
  categories = label_map_util.create_category_index_from_labelmap(str(path))
  assert categories == {1: {'id': 1, 'name': 'object'}}


@pytest.mark.parametrize(
  ('text', 'expected'),
  [
    pytest.param('item { id: 1 name: ', 'not a label map', id='cut short'),
    pytest.param('item { id: 1 }', 'item with id 1 has no name', id='no name'),
    pytest.param('item { id: 0 name: "a" }', '"a" has id 0.*background', id='the id of the background'),
    pytest.param('item { id: 1 name: "a" } item { id: 2 name: "a" }', 'name "a" appears twice', id='a name twice'),
    pytest.param('item { id: 1 name: "a" } item { id: 1 name: "b" }', 'id 1 appears twice.*"b"', id='an id twice'),
  ],
)
def test_what_is_no_label_map_is_refused(text, expected):
  with pytest.raises(DataError, match=f'labels.pbtxt: .*{expected}'):
    label_map.parse(text, 'labels.pbtxt')
