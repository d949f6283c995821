"""The tf.Example contract: what is written is read back, by this module and by the OD API's decoder."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from detection import records
from detection.base import local_copies
from detection.base.errors import DataError
from detection.records import LabelledBox, LabelledImage

CAT = LabelledBox('cat', 0.125, 0.25, 0.5, 0.75, difficult=True)
DOG = LabelledBox('dög', 0.0, 0.0, 1.0, 0.5, truncated=True, view='Frontal')
PNG = tf.io.encode_png(np.zeros([4, 6, 3], np.uint8)).numpy()


def image(*boxes, name='a/b.png'):
  return LabelledImage(PNG, 'png', 4, 6, name, boxes, sha256='00ff')


def changed(record, key, kind, values):
  """The record with another list of values under one key; None removes the key."""
  example = tf.train.Example.FromString(record)
  if values is None:
    del example.features.feature[key]
  else:
    getattr(example.features.feature[key], f'{kind}_list').value[:] = values
  return example.SerializeToString()


def test_what_was_written_is_read():
  example = records.parse(records.serialize(image(CAT, DOG)))
  assert (example.name, example.encoded, example.height, example.width) == ('a/b.png', PNG, 4, 6)
  assert example.labels == ['cat', 'dög']
  assert example.boxes.dtype == np.float32
  assert example.boxes.tolist() == [[0.125, 0.25, 0.5, 0.75], [0.0, 0.0, 1.0, 0.5]]
  assert example.difficult.tolist() == [True, False]
  assert example.crowd.tolist() == [False, False]
  assert example.check_complete('here') is None


def test_the_od_apis_decoder_reads_it():
  from object_detection.data_decoders import tf_example_decoder

  from detection.odapi import model  # noqa: F401 - mends the OD API

  decoded = tf_example_decoder.TfExampleDecoder().decode(tf.constant(records.serialize(image(CAT, DOG))))
  assert decoded['image'].shape == (4, 6, 3)
  assert decoded['source_id'].numpy() == decoded['filename'].numpy() == b'a/b.png'
  assert decoded['key'].numpy() == b'00ff'
  assert decoded['groundtruth_boxes'].numpy().tolist() == [[0.125, 0.25, 0.5, 0.75], [0.0, 0.0, 1.0, 0.5]]
  assert decoded['groundtruth_difficult'].numpy().tolist() == [True, False]


def test_an_image_without_objects():
  example = records.parse(records.serialize(image()))
  assert example.boxes.shape == (0, 4)
  assert example.labels == []
  assert len(example.difficult) == 0


@pytest.mark.parametrize(
  ('key', 'kind', 'values', 'expected'),
  [
    (records.WIDTH, 'int64', None, r'here: a/b.png: not a complete example: size 0 x 4, 1 boxes, 1 classes'),
    (records.CLASS_TEXT, 'bytes', [], r'here: a/b.png: not a complete example: size 6 x 4, 1 boxes, 0 classes'),
    (records.CLASS_TEXT, 'bytes', [b'\xff'], r"image/object/class/text holds b'\\xff'. Expected UTF-8 text"),
    (records.ENCODED, 'bytes', None, r'a/b.png: no image/encoded'),
  ],
)
def test_an_incomplete_record_is_refused_with_what_it_lacks(key, kind, values, expected):
  record = changed(records.serialize(image(CAT)), key, kind, values)
  with pytest.raises(DataError, match=expected):
    records.parse(record).check_complete('here')


def test_the_name_is_the_file_name_where_there_is_no_source_id():
  record = changed(records.serialize(image()), records.SOURCE_ID, 'bytes', None)
  assert records.parse(record).name == 'a/b.png'


def test_class_names_alone():
  assert records.class_names(records.serialize(image(CAT, DOG, CAT))) == ['cat', 'dög', 'cat']


def test_a_batch_without_its_images():
  bare = tf.train.Example().SerializeToString()
  batch = records.parse_labels(tf.constant([records.serialize(image(CAT, DOG)), bare]))
  assert batch[records.FILENAME].numpy().tolist() == [b'a/b.png', b'']
  assert batch[records.WIDTH].numpy().tolist() == [6, 0]
  assert batch[records.CLASS_TEXT].to_list() == [[b'cat', 'dög'.encode()], []]
  assert batch[records.XMAX].to_list() == [[0.75, 0.5], []]


def test_the_images_of_a_batch():
  batch = tf.constant([records.serialize(image(CAT)), records.serialize(image())])
  assert records.parse_encoded(batch).numpy().tolist() == [PNG, PNG]


def test_files_are_read_in_the_order_given(tmp_path):
  for name in ('b', 'a'):
    with open(tmp_path / name, 'wb') as file:
      records.write(file, records.serialize(image(name=name)))
  paths = [str(tmp_path / name) for name in ('b', 'a')]
  assert [records.parse(record).name for record in records.read(paths)] == ['b', 'a']
  assert list(records.read([])) == []


def test_a_file_is_copied_only_when_its_turn_comes(tmp_path, monkeypatch):
  paths = [str(tmp_path / name) for name in 'abc']
  for path in paths:
    with open(path, 'wb') as file:
      records.write(file, path.encode())
  copied = []
  monkeypatch.setattr(local_copies, 'readable', lambda path: copied.append(path) or path)
  assert next(records.read(paths)) == paths[0].encode()
  assert copied == paths[:1]


def test_writing_needs_no_tensorflow():
  code = (
    'import io, sys\n'
    'from detection import records\n'
    'image = records.LabelledImage(b"x", "png", 1, 1, "x.png", [records.LabelledBox("a", 0, 0, 1, 1)])\n'
    'records.write(io.BytesIO(), records.serialize(image))\n'
    'sys.exit("tensorflow" in sys.modules)'
  )
  assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
