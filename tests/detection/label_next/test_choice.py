"""Which images are chosen, and in which order."""

import numpy as np
import pytest

from detection.crops.seen_images import SeenImages
from detection.detections import Detections
from detection.label_next import choice

BOX = np.array([[0.1, 0.1, 0.5, 0.5]], np.float32)


def found(score):
  return Detections(BOX, np.array([1]), np.array([score], np.float32), ('cat',))


def seen(scores, features, mirrored=None):
  views = [found(score) for score in scores], [found(score) for score in (mirrored or scores)]
  features = np.array(features, np.float32).reshape(len(scores), -1)
  return SeenImages([str(n) for n in range(len(scores))], [(8, 8)] * len(scores), views[0], features, (), views[1])


def order(*args, **kwargs):
  return [one.index for one in choice.choose(*args, **kwargs)]


def test_where_images_look_alike_the_most_doubtful_come_first():
  assert order(seen([0.99, 0.5, 0.8], [0, 0, 0]), 3) == [1, 2, 0]
  assert order(seen([0.9, 0.9], [0, 0], mirrored=[0.9, 0.2]), 2) == [1, 0]


def test_where_doubt_is_equal_what_is_unlike_the_labelled_comes_first():
  chosen = choice.choose(seen([0.9] * 3, [1, 5, 2]), 3, labelled=np.array([[0.0], [1.1]], np.float32))
  assert [one.index for one in chosen] == [1, 2, 0]
  assert chosen[0].distance > chosen[1].distance > chosen[2].distance > 0


def test_the_chosen_are_unlike_each_other():
  # Two groups of equal images: after one of the first group, one of the other is worth more.
  images = seen([0.6, 0.61, 0.62, 0.9, 0.91], [0, 0, 0, 5, 5])
  assert sorted(order(images, 2)) == [0, 3]
  assert choice.choose(images, 1)[0].distance is None


def test_there_are_never_more_than_the_images():
  assert sorted(order(seen([0.9, 0.5], [0, 1]), 7)) == [0, 1]


def test_ranks_and_distances():
  assert choice.rank(np.array([3.0, 1.0, 1.0, 9.0])).tolist() == [0.5, 0.0, 0.0, 0.75]
  assert choice.nearest(np.array([[0.0], [5.0]]), np.array([[1.0], [9.0]])) == pytest.approx([1.0, 4.0])
