"""Labels beside what a detector finds."""

import dataclasses

import numpy as np
import pytest

from detection import records
from detection.inference.detector import Detector
from detection.label_faults.judged_image import judge
from tests.support.colour_detector import example

RED, BLUE = (8, 8, 40, 40), (8, 56, 48, 88)


@pytest.fixture(scope='module')
def judged(colour_model):
  objects = [('red', RED), ('blue', BLUE)]
  serialized = [example('none.png', []), *(example(f'{number}.png', objects, difficult=[1]) for number in range(9))]
  return list(judge(map(records.parse, serialized), Detector(str(colour_model), batch_size=4)))


def test_every_image_is_judged_in_order(judged):
  assert [image.name for image in judged] == ['none.png', *(f'{number}.png' for number in range(9))]
  assert [len(image.detections) for image in judged] == [0] + [2] * 9


def test_labels_have_the_detectors_ids(judged):
  image = judged[1]
  assert image.labels == ['red', 'blue']
  assert image.ground_truth.classes.tolist() == [1, 2]
  assert image.ground_truth.difficult.tolist() == [False, True]
  np.testing.assert_allclose(image.ground_truth.boxes[0], image.detections.boxes[image.detections.classes == 1][0])


def test_a_class_that_the_detector_does_not_know_has_the_id_0(half_blind_model):
  known = records.parse(example('a.png', [('red', RED), ('blue', BLUE)]))
  (image,) = judge([dataclasses.replace(known, labels=['cat', 'blue'])], Detector(str(half_blind_model)))
  assert (image.labels, image.ground_truth.classes.tolist()) == (['cat', 'blue'], [0, 2])
