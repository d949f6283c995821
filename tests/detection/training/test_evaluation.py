"""Metrics while training: the real input pipeline, with detections that the test makes up in place of the model's."""

import contextlib
import types

import numpy as np
import pytest
import tensorflow as tf

from detection.metrics import names
from detection.odapi.config import config_io
from detection.odapi.model import building
from detection.odapi.model.inputs import EvalOptions
from detection.training.evaluation import TrainingEvaluation
from tests.support.colour_detector import CLASSES, LABEL_MAP, example

pytestmark = pytest.mark.slow
# Pixels of 96 x 64: one small (COCO: up to 32 x 32) and one of middle size.
SMALL, MIDDLE, OTHER = (10, 10, 30, 30), (4, 40, 60, 90), (32, 4, 60, 30)
IMAGES = {
  'a.png': [('red', SMALL), ('blue', MIDDLE)],
  'b.png': [('red', MIDDLE)],
  'c.png': [('red', OTHER), ('red', MIDDLE)],
}
DIFFICULT = {'c.png': (0,)}


@pytest.fixture(scope='module', params=['fixed_shape_resizer', 'keep_aspect_ratio_resizer'])
def read(request, finished_run, tmp_path_factory):
  """(config, model) on IMAGES; the second resizer pads its images."""
  folder = tmp_path_factory.mktemp('eval')
  (folder / 'label_map.pbtxt').write_text(LABEL_MAP)
  with tf.io.TFRecordWriter(str(folder / 'eval')) as writer:
    for name, objects in IMAGES.items():
      writer.write(example(name, objects, difficult=DIFFICULT.get(name, ())))
  patched = finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config'
  config = config_io.parse(patched.read_text())
  config.model.ssd.num_classes = len(CLASSES)
  if request.param == 'keep_aspect_ratio_resizer':
    resizer = config.model.ssd.image_resizer.keep_aspect_ratio_resizer
    resizer.min_dimension, resizer.max_dimension, resizer.pad_to_max_dimension = 160, 160, True
  reader = config.eval_input_reader[0]
  reader.label_map_path = str(folder / 'label_map.pbtxt')
  reader.tf_record_input_reader.input_path[:] = [str(folder / 'eval')]
  return config, building.build_model(config)


def evaluation(read, answers, **options):
  """A TrainingEvaluation of a model that gives `answers`: {image: [(class, (ymin, xmin, ymax, xmax), score)]}."""

  def detect(features, labels):
    found = [answers.get(name, []) for name in IMAGES]
    batch = features['image'].shape[0]
    rows = [found[i % len(found)] for i in range(batch)]  # a batch is filled up from the start
    boxes, classes, scores = np.zeros((batch, 4, 4)), np.zeros((batch, 4)), np.zeros((batch, 4))
    for i, row in enumerate(rows):
      for j, (name, box, score) in enumerate(row):
        boxes[i, j] = np.array(box) / (64, 96, 64, 96)
        classes[i, j], scores[i, j] = CLASSES[name] - 1, score
    outputs = {'detection_boxes': boxes, 'detection_classes': classes, 'detection_scores': scores}
    return {'Loss/total_loss': 2.0}, outputs | {'num_detections': np.array([len(row) for row in rows])}

  config, model = read
  stand_in = types.SimpleNamespace(
    config=config, model=model, evaluated_weights=contextlib.nullcontext, evaluate_batch=detect
  )
  return TrainingEvaluation(stand_in, CLASSES, **options)


def perfect(**moved):
  answers = {name: [(kind, box, 0.9) for kind, box in objects] for name, objects in IMAGES.items()}
  return answers | moved


def test_what_is_found_exactly_scores_one_by_every_metric(read):
  metrics = evaluation(read, perfect(**{'c.png': [('red', MIDDLE, 0.8)]}))()
  unmeasured = {name for name, value in metrics.items() if np.isnan(value)}
  assert unmeasured == {'AP_large', 'AR_large'}
  assert {name: value for name, value in metrics.items() if name not in unmeasured} == pytest.approx(
    {name: 1.0 for name in names.ALL if name not in unmeasured} | {'AR1': 1.0, 'eval/Loss/total_loss': 2.0}
  )


def test_metrics_are_of_the_original_image_and_leave_difficult_objects_out(read):
  # The small red one is missed; the difficult one, found or not, changes nothing.
  missed = {'a.png': [('blue', MIDDLE, 0.9)]}
  with_it, without = (
    evaluation(read, perfect(**missed, **{'c.png': [('red', MIDDLE, 0.9), *extra]}))()
    for extra in ([('red', OTHER, 0.8)], [])
  )
  np.testing.assert_equal(with_it, without)
  assert with_it['AP_small'] == 0.0
  assert with_it['AP_medium'] == pytest.approx(1.0)
  assert with_it['recall'] == pytest.approx((1 + 2 / 3) / 2)
  assert with_it['precision'] == pytest.approx(1.0)


def test_one_class_can_be_watched(read):
  metrics = evaluation(read, perfect(**{'a.png': [('red', SMALL, 0.9)]}), watch='AP50/blue')()
  assert metrics['AP50/blue'] == 0.0
  assert metrics['AP50'] == pytest.approx(0.5)
  assert 'AP50/red' not in metrics


def test_the_first_images_alone_when_asked(read):
  assert evaluation(read, {'a.png': perfect()['a.png']}, options=EvalOptions(limit=1))()['AP50'] == pytest.approx(1.0)


def test_hits_and_pictures_are_those_of_the_last_evaluation(read):
  answers = perfect(**{'a.png': [('blue', MIDDLE, 0.9), ('red', (0, 0, 9, 9), 0.7)]})
  evaluate = evaluation(read, answers, pictures=2)
  evaluate()
  evaluate()
  assert evaluate.hits['red'].objects == 3
  # The difficult one counts neither way.
  assert evaluate.hits['red'].right[np.argsort(-evaluate.hits['red'].scores)].tolist() == [True, True, False]
  first, second = evaluate.pictures
  assert first.ground_truth.classes.tolist() == [CLASSES['red'], CLASSES['blue']]
  np.testing.assert_allclose(first.ground_truth.boxes[0] * (64, 96, 64, 96), SMALL, atol=1e-4)
  np.testing.assert_allclose(second.detections.scores, [0.9])
  height, width = first.pixels.shape[:2]
  is_fixed = read[0].model.ssd.image_resizer.HasField('fixed_shape_resizer')
  assert width / height == pytest.approx(1.0 if is_fixed else 1.5, abs=0.02)


def test_an_evaluation_asked_to_stop_has_no_result(read):
  assert evaluation(read, perfect(), is_stopped=lambda: True)() is None
