"""What the SavedModel's signatures give out beyond the model's own detections."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from detection import model_folder
from detection.inference import parity
from detection.inference.detector import Detector
from detection.odapi.model import export

FOUND = {
  'detection_boxes': tf.reshape(tf.range(2 * 4 * 4, dtype=tf.float32), [2, 4, 4]),
  'detection_scores': tf.constant([[0.9, 0.5, 0.4, 0.0], [0.8, 0.7, 0.0, 0.0]]),
  'detection_classes': tf.ones([2, 4]),
  'num_detections': tf.constant([3.0, 2.0]),
}


@pytest.mark.parametrize(
  ('limits', 'count', 'width'),
  [
    pytest.param(export.Limits(), [3, 2], 4, id='none'),
    pytest.param(export.Limits(score_threshold=0.45), [2, 2], 4, id='a score'),
    pytest.param(export.Limits(max_detections=1), [1, 1], 1, id='a number'),
    pytest.param(export.Limits(max_detections=9), [3, 2], 4, id='a number above what there is'),
    pytest.param(export.Limits(0.6, 3), [1, 2], 3, id='both'),
  ],
)
def test_limits_keep_the_best(limits, count, width):
  kept = {name: value.numpy() for name, value in export.limited(FOUND, limits).items()}
  assert kept['num_detections'].tolist() == count
  assert kept['detection_boxes'].shape == (2, width, 4)
  for image, number in enumerate(count):
    np.testing.assert_array_equal(kept['detection_boxes'][image, :number], FOUND['detection_boxes'][image, :number])
    if limits.score_threshold:
      assert not kept['detection_boxes'][image, number:].any()
      assert not kept['detection_scores'][image, number:].any()


def test_a_score_that_is_no_number_stays_to_be_seen():
  kept = export.limited(FOUND | {'detection_scores': tf.fill([2, 4], np.nan)}, export.Limits(0.5))
  assert kept['num_detections'].numpy().tolist() == [3, 2]


def test_class_names_are_told_by_a_signature():
  namer = export.class_namer({'cat': 1, 'dög': 3})
  names = namer(tf.constant([3, 1, 2, 0, -1, 99], tf.int64))['class_names']
  assert [name.decode() for name in names.numpy()] == ['dög', 'cat', '', '', '', '']


@pytest.mark.slow
def test_a_trained_model_answers_for_a_batch_as_for_single_images_and_names_its_classes(finished_run):
  detector = Detector(str(finished_run.artifact('ODAPITrainer', 'model')), batch_size=4)
  images = sorted(map(str, (finished_run.data / 'JPEGImages').iterdir()))[:4]
  for path, together in zip(images, detector.detect(images), strict=True):
    (alone,) = detector.detect([path])
    assert parity.difference(path, {'alone': alone, 'in a batch': together}, 0.01, '') < 1e-5
  signatures = tf.saved_model.load(detector.path).signatures
  assert set(signatures) == {'serving_default', 'image_bytes', 'tf_example', 'class_names'}
  names = signatures['class_names'](ids=tf.constant(list(detector.labels.values()), tf.int64))['class_names']
  assert [name.decode() for name in names.numpy()] == list(detector.labels)


@pytest.fixture(scope='module')
def functions(finished_run):
  """The functions in the graph of a SavedModel."""
  folder = model_folder.serving(str(finished_run.artifact('ODAPITrainer', 'model')))
  with open(f'{folder}/{model_folder.SAVED_MODEL}', 'rb') as file:
    saved = saved_model_pb2.SavedModel.FromString(file.read())
  return saved.meta_graphs[0].graph_def.library.function


@pytest.mark.slow
def test_the_weights_are_in_the_graph_once(functions):
  constants = [sum(node.ByteSize() for node in one.node_def if node.op == 'Const') for one in functions]
  assert sum(size > 1e6 for size in constants) == 1


@pytest.mark.slow
def test_the_graph_has_no_batch_norm_and_loops_over_nothing_but_files(functions):
  operations = Counter(node.op for one in functions for node in one.node_def)
  assert operations['CombinedNonMaxSuppression']
  assert not [name for name in operations if name.startswith('FusedBatchNorm')]
  # image_bytes and tf_example decode file by file.
  assert operations['While'] + operations['StatelessWhile'] == 2
