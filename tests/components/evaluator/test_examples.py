"""Labelled images, read from the records of a split."""

import numpy as np
import pytest
import tensorflow as tf

from components.evaluator import examples
from detection.base.errors import DataError
from tests.support.colour_detector import CLASSES, example

RED, BLUE = ('red', (0, 0, 32, 48)), ('blue', (32, 48, 64, 96))


@pytest.fixture
def split(tmp_path):
  """Two TFRecord files: a.png and b.png in one, c.png in the other."""
  for file, names in (('0', ['a.png', 'b.png']), ('1', ['c.png'])):
    with tf.io.TFRecordWriter(str(tmp_path / file)) as writer:
      for name in names:
        writer.write(example(name, [RED]))
  return [str(tmp_path / '0'), str(tmp_path / '1')]


def test_ground_truth_has_the_ids_of_the_label_map():
  image, encoded = examples.parse(example('a.png', [RED, BLUE], difficult=[1]), CLASSES, 'data')
  assert (image.name, image.width, image.height) == ('a.png', 96, 64)
  assert image.ground_truth.classes.tolist() == [1, 2]
  assert image.ground_truth.difficult.tolist() == [False, True]
  np.testing.assert_array_equal(image.ground_truth.boxes, [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]])
  assert tf.io.decode_png(encoded).shape == (64, 96, 3)


def test_a_class_outside_the_label_map_is_refused_with_image_and_file():
  with pytest.raises(DataError, match='data: a.png: class "blue" is not in the label map'):
    examples.parse(example('a.png', [RED, BLUE]), {'red': 1}, 'data')


def test_an_example_without_size_is_refused():
  made = tf.train.Example.FromString(example('a.png', [RED]))
  del made.features.feature['image/width']
  with pytest.raises(DataError, match='not a complete example'):
    examples.parse(made.SerializeToString(), CLASSES, 'data')


def test_the_named_images_are_found_in_any_file(split):
  found = examples.encoded_images(split, ['c.png', 'a.png', 'not there.png'])
  assert sorted(found) == ['a.png', 'c.png']
  assert tf.io.decode_png(found['c.png']).shape == (64, 96, 3)


@pytest.mark.parametrize(('count', 'expected'), [(2, 2), (10, 3)])
def test_the_first_images_are_at_most_all(split, count, expected):
  assert len(examples.first_images(split, count)) == expected
