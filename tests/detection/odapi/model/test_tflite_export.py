"""What is built for the converter; tests of the exporter see what the files find."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError, DataError
from detection.odapi.config import config_io
from detection.odapi.model import tflite_export
from detection.pipeline_config import builtin_bases

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def trained(finished_run):
  """(config, checkpoint prefix) of the finished run's model."""
  folder = finished_run.artifact('ODAPITrainer', 'model')
  return config_io.parse((folder / 'pipeline.config').read_text()), str(folder / 'checkpoint' / 'ckpt-0')


def test_a_file_takes_one_image_and_gives_boxes_classes_scores_and_their_number(trained):
  convertible = tflite_export.Convertible(*trained)
  interpreter = tf.lite.Interpreter(model_content=convertible.convert('float32'))
  interpreter.allocate_tensors()
  (entry,) = interpreter.get_input_details()
  assert entry['shape'].tolist() == [1, *convertible.size, 3]
  interpreter.set_tensor(entry['index'], np.zeros(entry['shape'], np.float32))
  interpreter.invoke()
  boxes, classes, scores, number = (interpreter.get_tensor(out['index']) for out in ordered(interpreter))
  assert boxes.shape[::2] == (1, 4)
  assert classes.shape == scores.shape == boxes.shape[:2]
  assert number.shape == (1,)


def ordered(interpreter):
  return sorted(interpreter.get_output_details(), key=lambda out: out['name'])


def test_a_checkpoint_of_another_model_is_refused(trained):
  config = config_io.Config()
  config.CopyFrom(trained[0])
  config.model.ssd.feature_extractor.depth_multiplier = 0.75
  with pytest.raises(DataError, match='backbone variables could be restored'):
    tflite_export.Convertible(config, trained[1])


def test_a_family_that_cannot_be_converted_is_refused_before_it_is_built():
  config = config_io.parse(builtin_bases.text('faster_rcnn_resnet50_v1_640'))
  with pytest.raises(ConfigError, match='export.tflite: .* family faster_rcnn'):
    tflite_export.Convertible(config, 'unread')
