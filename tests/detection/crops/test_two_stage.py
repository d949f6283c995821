"""Boxes from the colour model, names from a classifier of mean colours: one SavedModel that everyone can use."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import DataError
from detection.crops import classifier, two_stage
from detection.crops.features import Backbone, pooled
from detection.inference.detector import Detector
from detection.odapi.model import export
from tests.support.colour_crops import BLUE, RED, fit_head, rectangles, write_model
from tests.support.colour_detector import png

LABELS = {'apple': 1, 'plum': 2}


@pytest.fixture(scope='module')
def named(colour_model, mean_colour, draw, tmp_path_factory):
  """The folder of a model that calls red things apple and blue things plum."""
  labels = {'plum': 1, 'apple': 4}
  head = fit_head(rectangles(draw, {'red': 'apple', 'blue': 'plum'}), mean_colour)
  module = two_stage.TwoStage(two_stage.load(str(colour_model)), mean_colour, head, labels, max_boxes=5)
  return write_model(tmp_path_factory.mktemp('named'), module, labels)


@pytest.fixture(scope='module')
def picture(draw):
  return draw([('red', RED), ('blue', BLUE)])


def test_boxes_are_the_detectors_and_names_the_classifiers(named, colour_model, picture):
  (found,), (boxes,) = Detector(str(named)).detect([picture]), Detector(str(colour_model)).detect([picture])
  assert sorted(found.names) == ['apple', 'plum']
  by_name = dict(zip(found.names, found.boxes, strict=True))
  assert np.allclose(by_name['apple'], np.array(RED) / (64, 96, 64, 96), atol=1e-6)
  assert np.allclose(by_name['plum'], np.array(BLUE) / (64, 96, 64, 96), atol=1e-6)
  assert dict(zip(found.names, found.classes.tolist(), strict=True)) == {'apple': 4, 'plum': 1}
  assert (found.scores <= boxes.scores.max() + 1e-6).all()
  assert (found.scores > 0.8 * boxes.scores.max()).all()


def test_what_the_classifier_is_surer_of_comes_first_with_its_own_box_and_name(colour_model, picture):
  parts = two_stage.load(str(colour_model)), Backbone(lambda crops: pooled([crops]), [], 16)
  # Of the mean red less the mean blue: a little over a half is apple for red things, nearly all plum for blue ones.
  weights = np.array([[0.02, 0], [0, 0], [-0.02, 0]], np.float32)
  head = classifier.LinearHead(('apple', 'plum'), weights, np.array([-2.0, 0.0], np.float32), None)

  def found(limits=None):
    model = two_stage.TwoStage(*parts, head, LABELS, max_boxes=5, limits=limits)
    # Not saved, as those of the other tests are: that takes longer than all else.
    answer = model.detect_images(tf.constant(picture[np.newaxis]))
    count = int(answer['num_detections'][0])
    boxes, scores, ids = (answer[f'detection_{name}'][0, :count].numpy() for name in ('boxes', 'scores', 'classes'))
    return boxes, scores, ids.tolist()

  boxes, scores, ids = found()
  assert ids == [LABELS['plum'], LABELS['apple']]
  assert scores[0] > scores[1] + 0.1
  assert np.allclose(boxes[0], np.array(BLUE) / (64, 96, 64, 96), atol=1e-6)
  # The detector is equally sure of both: a limit between the two scores is one on what the classifier leaves.
  _, _, ids = found(export.Limits(score_threshold=float(scores.mean())))
  assert ids == [LABELS['plum']]


def test_every_signature_gives_the_same(named, picture):
  signatures = tf.saved_model.load(str(named / 'Format-Serving')).signatures
  encoded = png(picture)
  feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded]))
  example = tf.train.Example(features=tf.train.Features(feature={'image/encoded': feature}))
  answers = [
    signatures['serving_default'](input_tensor=tf.constant(picture[np.newaxis])),
    signatures['image_bytes'](image_bytes=tf.constant([encoded])),
    signatures['tf_example'](tf_example=tf.constant([example.SerializeToString()])),
  ]
  assert signatures['class_names'](ids=tf.constant([1, 4, 7], tf.int64))['class_names'].numpy().tolist() == [
    b'plum',
    b'apple',
    b'',
  ]
  for answer in answers[1:]:
    assert set(answer) == {'detection_boxes', 'detection_classes', 'detection_scores', 'num_detections'}
    for name, value in answers[0].items():
      assert value.dtype == tf.float32
      assert np.allclose(value, answer[name], atol=1e-5), name


def test_images_without_objects_and_of_different_sizes_stand_in_one_batch(named, draw, picture):
  found = Detector(str(named)).detect([png(picture), png(draw([])), png(draw([('red', RED)], (128, 80)))])
  assert [len(one) for one in found] == [2, 0, 1]


def test_a_class_is_added_by_fitting_the_classifier_alone(named, draw, picture, tmp_path):
  before = two_stage.load(str(named))
  assert two_stage.is_two_stage(before)
  head = fit_head(rectangles(draw, {'red': 'cherry', 'blue': 'plum'}), before.backbone)
  labels = {'plum': 1, 'apple': 4, 'cherry': 5}
  again = write_model(tmp_path, two_stage.TwoStage(before.detector, before.backbone, head, labels, max_boxes=5), labels)
  (found,) = Detector(str(again)).detect([picture])
  assert dict(zip(found.names, found.classes.tolist(), strict=True)) == {'cherry': 5, 'plum': 1}
  assert two_stage.is_two_stage(two_stage.load(str(again)))


def test_boxes_of_one_object_are_merged_whatever_their_class():
  box, near, far = (0.1, 0.1, 0.5, 0.5), (0.1, 0.1, 0.5, 0.49), (0.6, 0.6, 0.9, 0.9)
  found = {
    'detection_boxes': tf.constant([[box, near, far, box]]),
    'detection_scores': tf.constant([[0.9, 0.8, 0.7, 0.6]]),
    'num_detections': tf.constant([4.0]),
  }
  boxes, scores, count = two_stage.merged(found, 3)
  assert boxes.shape == (1, 3, 4)
  assert scores.numpy().tolist() == [[pytest.approx(0.9), pytest.approx(0.7), 0]]
  assert count.numpy().tolist() == [2]
  _, _, fewer = two_stage.merged({**found, 'num_detections': tf.constant([2.0])}, 3)
  assert fewer.numpy().tolist() == [1], 'padding was taken for boxes'


def test_a_model_without_a_signature_that_is_needed_is_refused(tmp_path):
  module = tf.Module()
  spec = tf.TensorSpec([None, None, None, 3], tf.uint8, name='input_tensor')
  signature = tf.function(lambda images: {'x': tf.shape(images)}).get_concrete_function(spec)
  tf.saved_model.save(module, str(tmp_path), {'serving_default': signature})
  with pytest.raises(DataError, match='no signature "image_bytes"'):
    two_stage.load(str(tmp_path))
