"""Images of nothing in which the model finds something."""

import numpy as np

from detection.crops.seen_images import SeenImages
from detection.detections import Detections
from detection.label_next import hard_negatives


def found(*scores):
  boxes = np.tile(np.array([[0.1, 0.1, 0.5, 0.5]], np.float32), (len(scores), 1))
  return Detections(boxes, np.ones(len(scores), int), np.array(scores, np.float32))


def seen(*images):
  detections = [found(*scores) for scores in images]
  return SeenImages(
    [str(n) for n in range(len(images))], [(8, 8)] * len(images), detections, np.zeros((len(images), 2))
  )


def test_the_most_and_surest_false_positives_come_first_and_images_without_any_never():
  chosen = hard_negatives.choose(seen([0.5], [], [0.9, 0.2], [0.5, 0.5], [0.2]), 9, 0.3)
  assert [one.index for one in chosen] == [3, 2, 0]


def test_no_more_are_chosen_than_asked_for():
  assert [one.index for one in hard_negatives.choose(seen([0.5], [0.6]), 1, 0.3)] == [1]
