"""From a model's padded outputs to Detections."""

import numpy as np

from detection.inference import model

OUTPUTS = {
  'detection_boxes': np.arange(24).reshape(2, 3, 4) / 24,
  'detection_classes': np.array([[2.0, 7.0, 1.0], [1.0, 1.0, 1.0]]),
  'detection_scores': np.array([[0.5, 0.9, 0.8], [0.7, 0.7, 0.0]]),
  'num_detections': np.array([2.0, 0.0]),
}
NAMES = {1: 'cat', 2: 'dog'}


def test_padding_is_cut_off_and_the_highest_score_comes_first():
  first, second = model.split_batch(OUTPUTS, NAMES)
  assert first.scores.tolist() == [np.float32(0.9), np.float32(0.5)]
  assert first.classes.tolist() == [7, 2]
  np.testing.assert_allclose(first.boxes, OUTPUTS['detection_boxes'][0, [1, 0]], rtol=1e-6)
  assert len(second) == 0


def test_a_class_that_has_no_name_is_its_number():
  assert model.split_batch(OUTPUTS, NAMES)[0].names == ('7', 'dog')


def test_the_types_are_those_of_detections():
  (found, _) = model.split_batch(OUTPUTS, NAMES)
  assert (found.boxes.dtype, found.scores.dtype, found.classes.dtype) == (np.float32, np.float32, np.int64)
