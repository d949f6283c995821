"""Boxes from the colour model, names from a classifier of mean colours: one SavedModel that everyone can use."""

import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from components.evaluator import inference, shards
from components.pusher import publish
from detection.crops import backbone, classifier, objects, two_stage
from detection.crops.objects import LabelledImage
from detection.inference.detector import Detector
from detection.metrics import coco
from detection.odapi import label_map
from detection.odapi.model import export

LABELS = {'apple': 1, 'plum': 2}
RED, BLUE = (16, 8, 40, 32), (8, 56, 48, 88)


def png(pixels):
  buffer = io.BytesIO()
  PIL.Image.fromarray(pixels).save(buffer, 'PNG')
  return buffer.getvalue()


def labelled(draw, names):
  """Images with a red and a blue rectangle, called as `names` says; {colour: class name}."""
  for number in range(4):
    shift = 2 * number
    corners = {colour: np.array(box) + shift for colour, box in (('red', RED), ('blue', BLUE))}
    boxes = np.array([corners[colour] / (64, 96, 64, 96) for colour in names], np.float32)
    encoded = png(draw([(colour, tuple(box)) for colour, box in corners.items()]))
    yield LabelledImage(f'{number}.png', encoded, list(names.values()), boxes)


def write(folder, model, head, labels, max_boxes=5, limits=None):
  """A model folder as the trainer lays it out."""
  module = two_stage.TwoStage(model.detector, model.backbone, head, labels, max_boxes, limits)
  two_stage.save(module, str(folder / 'Format-Serving'))
  (folder / 'label_map.pbtxt').write_text(label_map.dump(labels))
  (folder / 'pipeline.config').write_text('model { ssd { num_classes: 2 } }\n')
  return folder


class Parts:
  """What a TwoStage is made of."""

  def __init__(self, detector, frozen):
    self.detector, self.backbone = detector, frozen


def fitted(images, frozen):
  found = objects.embed(images, frozen, views=3)
  return classifier.fit(found.features, found.labels, found.images)


@pytest.fixture(scope='module')
def named(colour_model, draw, tmp_path_factory):
  """The folder of a model that calls red things apple and blue things plum."""
  parts = Parts(
    two_stage.load(str(colour_model)),
    backbone.Backbone(lambda crops: backbone.pooled([crops[:, 4:-4, 4:-4]]), [], 16),
  )
  head = fitted(labelled(draw, {'red': 'apple', 'blue': 'plum'}), parts.backbone)
  return write(tmp_path_factory.mktemp('named'), parts, head, {'plum': 1, 'apple': 4})


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


def test_what_the_classifier_is_surer_of_comes_first_with_its_own_box_and_name(colour_model, picture, tmp_path):
  parts = Parts(two_stage.load(str(colour_model)), backbone.Backbone(lambda crops: backbone.pooled([crops]), [], 16))
  # Of the mean red less the mean blue: a little over a half is apple for red things, nearly all plum for blue ones.
  weights = np.array([[0.02, 0], [0, 0], [-0.02, 0]], np.float32)
  head = classifier.LinearHead(('apple', 'plum'), weights, np.array([-2.0, 0.0], np.float32), None)
  (found,) = Detector(str(write(tmp_path / 'free', parts, head, LABELS))).detect([picture])
  assert found.names == ('plum', 'apple')
  assert found.scores[0] > found.scores[1] + 0.1
  assert np.allclose(found.boxes[0], np.array(BLUE) / (64, 96, 64, 96), atol=1e-6)
  # The detector is equally sure of both: a limit between the two scores is one on what the classifier leaves.
  limits = export.Limits(score_threshold=float(found.scores.mean()))
  (limited,) = Detector(str(write(tmp_path / 'limited', parts, head, LABELS, limits=limits))).detect([picture])
  assert limited.names == ('plum',)


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
  head = fitted(labelled(draw, {'red': 'cherry', 'blue': 'plum'}), before.backbone)
  again = write(tmp_path, before, head, {'plum': 1, 'apple': 4, 'cherry': 5})
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


def test_it_is_pushed_as_any_other_model(named, picture, tmp_path):
  publish.publish(str(named), str(tmp_path / 'serving'))
  (found,) = Detector(str(tmp_path / 'serving')).detect([picture])
  assert sorted(found.names) == ['apple', 'plum']


def test_it_is_evaluated_as_any_other_model(colour_model, scenes, draw, tmp_path):
  parts = Parts(
    two_stage.load(str(colour_model)),
    backbone.Backbone(lambda crops: backbone.pooled([crops[:, 4:-4, 4:-4]]), [], 16),
  )
  head = fitted(labelled(draw, {'red': 'red', 'blue': 'blue'}), parts.backbone)
  labels = {'red': 1, 'blue': 2}
  model = write(tmp_path / 'model', parts, head, labels)
  examples = [str(path) for path in sorted((scenes / 'Split-eval').iterdir())]
  step = inference.DetectAndMatch(str(model), labels, str(tmp_path / 'parts'))
  for shard in shards.shards_of(examples):
    list(step.process(shard))
  found = coco.accumulate(inference.read_results(str(tmp_path / 'parts')), list(labels.values()))
  assert found.metrics()['AP50'] == pytest.approx(1.0)
