"""Images and their objects out of TFRecord files."""

import numpy as np
import tensorflow as tf

from detection.crops import source_images
from tests.support.colour_detector import example


def test_records_are_read_in_order_with_their_boxes_and_class_names(tmp_path):
  paths = [str(tmp_path / name) for name in ('one', 'two')]
  objects = {'a.png': [('red', (16, 24, 32, 48)), ('blue', (0, 0, 64, 96))], 'b.png': []}
  for path, (name, boxes) in zip(paths, objects.items(), strict=True):
    with tf.io.TFRecordWriter(path) as writer:
      writer.write(example(name, boxes))
  first, second = source_images.from_records(paths)
  assert (first.name, first.labels, second.name, second.labels) == ('a.png', ['red', 'blue'], 'b.png', [])
  np.testing.assert_allclose(first.boxes, [(0.25, 0.25, 0.5, 0.5), (0, 0, 1, 1)])
  assert first.encoded.startswith(b'\x89PNG')
  assert second.boxes.shape == (0, 4)


def test_serialized_examples_need_no_file():
  (image,) = source_images.parsed([example('a.png', [('red', (16, 24, 32, 48))])])
  assert (image.name, image.labels) == ('a.png', ['red'])


def test_some_of_its_objects_may_be_kept():
  image = source_images.SourceImage('a.png', b'', ['x', 'y', 'z'], np.arange(12).reshape(3, 4))
  kept = image.keep([2, 0])
  assert (kept.name, kept.labels) == ('a.png', ['z', 'x'])
  assert kept.boxes[:, 0].tolist() == [8, 0]
  assert image.keep([]).boxes.shape == (0, 4)


def test_no_more_images_are_read_than_give_enough_of_each_class():
  def image(*labels):
    read.append(labels)
    return source_images.SourceImage('', b'', labels, np.zeros((len(labels), 4)))

  read = []
  images = (image(*labels) for labels in ('x', 'xy', 'x', 'z', 'xz', 'y'))
  found = list(source_images.until_enough(images, {'x': 4, 'y': 2, 'z': 1}, most=1))
  assert [one.labels for one in found] == read == [('x',), ('x', 'y'), ('x',), ('z',)]
  read.clear()
  images = (image(*labels) for labels in ('x', 'xy', 'x', 'z', 'xz', 'y'))
  assert len(list(source_images.until_enough(images, {'x': 4, 'y': 2, 'z': 1}, most=2))) == 6
