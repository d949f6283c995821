"""What TensorBoard shows of an evaluation, read back from the event files."""

import io

import numpy as np
import PIL.Image
import tensorflow as tf
from tensorboard.plugins.pr_curve import plugin_data_pb2

from detection.detections import Detections
from detection.metrics.matching import GroundTruth
from detection.training import tensorboard_images
from detection.training.evaluation import Hits, Picture

HITS = Hits(objects=4, scores=np.array([0.9, 0.6, 0.6, 0.2], np.float32), right=np.array([True, True, False, False]))


class Evaluation:
  """What a hook sees of an evaluation: one grey image with one object, found, beside a false alarm not sure of."""

  def __init__(self):
    truth = GroundTruth(np.array([[0.1, 0.1, 0.6, 0.4]]), np.array([2]), np.array([False]), np.array([False]))
    found = Detections(np.array([[0.1, 0.1, 0.6, 0.4], [0.7, 0.7, 0.9, 0.9]]), np.array([2, 1]), np.array([0.9, 0.1]))
    self.pictures = [Picture(np.full((60, 80, 3), 128, np.uint8), truth, found)]
    self.hits = {'cat': HITS}


def rows(summary):
  """{row: [values at the thresholds]} of a PR curve."""
  values = tf.make_ndarray(summary.value[0].tensor)
  return dict(zip(('tp', 'fp', 'tn', 'fn', 'precision', 'recall'), values, strict=True))


def test_precision_and_recall_are_those_of_the_detections_at_each_score():
  curve = rows(tensorboard_images.precision_recall('x', HITS))
  at = {score: round(score * (tensorboard_images.THRESHOLDS - 1)) for score in (0.1, 0.5, 0.7, 0.95)}
  assert [curve['tp'][i] for i in at.values()] == [2, 2, 1, 0]
  assert [curve['fp'][i] for i in at.values()] == [2, 1, 0, 0]
  assert [curve['fn'][i] for i in at.values()] == [2, 2, 3, 4]
  np.testing.assert_allclose([curve['precision'][i] for i in at.values()], [1 / 2, 2 / 3, 1, 1], rtol=1e-6)
  np.testing.assert_allclose([curve['recall'][i] for i in at.values()], [0.5, 0.5, 0.25, 0])


def test_a_class_without_objects_or_detections_has_a_curve_without_nan():
  curve = rows(tensorboard_images.precision_recall('x', Hits(0, np.zeros(0, np.float32), np.zeros(0, bool))))
  assert np.isfinite(list(curve.values())).all()


def test_images_and_curves_of_an_evaluation_are_written_at_its_step(tmp_path):
  with tf.summary.create_file_writer(str(tmp_path)).as_default(step=20):
    tensorboard_images.write(Evaluation(), {'dog': 1, 'cat': 2})
  (path,) = tmp_path.iterdir()
  found = {}
  for event in tf.compat.v1.train.summary_iterator(str(path)):
    for value in event.summary.value:
      found[value.tag, event.step] = value
  assert set(found) == {('images/0', 20), ('precision_recall/cat/pr_curves', 20)}
  metadata = found['precision_recall/cat/pr_curves', 20].metadata
  assert metadata.plugin_data.plugin_name == 'pr_curves'
  settings = metadata.plugin_data.content
  assert plugin_data_pb2.PrCurvePluginData.FromString(settings).num_thresholds == tensorboard_images.THRESHOLDS
  width, height, png = tf.make_ndarray(found['images/0', 20].tensor)
  image = np.asarray(PIL.Image.open(io.BytesIO(png)))
  assert image.shape == (240, 640, 3) == (int(height), int(width), 3)
  left, right = image[:, :320], image[:, 320:]
  # The object at its place in both halves; the unsure false alarm in neither.
  assert all((half[24:144, 32:128] != 128).any() for half in (left, right))
  assert (right[160:, 210:] == 128).all()
