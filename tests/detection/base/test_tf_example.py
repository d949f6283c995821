"""The hand-written wire formats, read back by TensorFlow."""

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.base import tf_example

features = st.dictionaries(
  st.text(max_size=20),
  st.one_of(
    st.tuples(st.just('bytes'), st.lists(st.binary(max_size=300), max_size=4)),
    st.tuples(st.just('float'), st.lists(st.floats(width=32, allow_nan=False), max_size=40)),
    st.tuples(st.just('int64'), st.lists(st.integers(0, 2**63 - 1), max_size=40)),
  ),
  max_size=6,
)


@given(given_features=features)
@settings(max_examples=60, deadline=None)
def test_tensorflow_reads_what_was_written(given_features):
  example = tf.train.Example.FromString(tf_example.serialize(given_features))
  assert sorted(example.features.feature) == sorted(given_features)
  for key, (kind, values) in given_features.items():
    feature = example.features.feature[key]
    assert feature.WhichOneof('kind') == f'{kind}_list'
    assert list(getattr(feature, f'{kind}_list').value) == values


def test_bytes_are_those_of_protobuf_whatever_the_order_of_keys():
  given_features = {'b': ('int64', [1, 300]), 'a': ('bytes', [b'x' * 200]), 'c': ('float', [0.5])}
  message = tf.train.Example.FromString(tf_example.serialize(given_features))
  assert message.SerializeToString(deterministic=True) == tf_example.serialize(dict(reversed(given_features.items())))


def test_tensorflow_accepts_the_records_checksums(tmp_path):
  records = [b'', b'one', bytes(range(256)) * 300]
  with open(tmp_path / 'records', 'wb') as file:
    for record in records:
      tf_example.write_record(file, record)
  assert [r.numpy() for r in tf.data.TFRecordDataset(str(tmp_path / 'records'))] == records
  content = bytearray((tmp_path / 'records').read_bytes())
  content[-10] ^= 1
  (tmp_path / 'broken').write_bytes(content)
  with pytest.raises(tf.errors.DataLossError):
    list(tf.data.TFRecordDataset(str(tmp_path / 'broken')))


def test_records_are_read_back_and_damage_is_named_by_its_record(tmp_path):
  path = tmp_path / 'records'
  with tf.io.TFRecordWriter(str(path)) as writer:
    for record in (b'', b'one', b'two'):
      writer.write(record)
  with path.open('rb') as file:
    assert list(tf_example.read_records(file)) == [b'', b'one', b'two']
  path.write_bytes(path.read_bytes()[:-1])
  with path.open('rb') as file, pytest.raises(ValueError, match='record 3 is cut short'):
    list(tf_example.read_records(file))
