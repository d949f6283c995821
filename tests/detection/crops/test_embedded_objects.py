"""Labelled objects become rows of features."""

import numpy as np

from detection.crops.embedded_objects import embed
from detection.crops.source_images import SourceImage
from tests.support.colour_crops import BOX, scene, scenes


def test_every_object_becomes_a_row_that_says_where_it_is_from(mean_colour):
  image = scene('a.png', 'red')
  two = SourceImage('a.png', image.encoded, ['red', 'edge'], np.array([BOX, (0, 0, 0.2, 0.2)], np.float32))
  empty = SourceImage('b.png', image.encoded, [], np.zeros((0, 4), np.float32))
  found = embed([empty, two], mean_colour, views=3)
  assert found.images.tolist() == ['a.png'] * 6
  assert found.numbers.tolist() == [0, 1] * 3
  assert found.labels.tolist() == ['red', 'edge'] * 3
  assert found.features.shape == (6, 3)
  assert found.features[0, 0] > 180 > found.features[1, 0]
  again = embed([empty, two], mean_colour, views=3)
  assert np.array_equal(found.features, again.features)


def test_only_the_first_objects_of_each_class_are_taken_when_asked(mean_colour):
  found = embed(scenes(3), mean_colour, most=2)
  assert found.images.tolist() == [f'{colour}-{n}.png' for colour in ('red', 'green', 'blue') for n in (0, 1)]


def test_without_objects_there_are_no_rows(mean_colour):
  found = embed([], mean_colour)
  assert (len(found.images), found.boxes.shape) == (0, (0, 4))
