"""SavedModels that lack something, and one that does not: the detector of coloured rectangles."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import DataError
from detection.inference.saved_model import SavedModel
from tests.support.colour_detector import LABEL_MAP, png


@pytest.fixture
def save(tmp_path):
  """Saves a function of images as serving_default, with a label map; returns the folder."""

  def save(function):
    module = tf.Module()
    spec = tf.TensorSpec([None, None, None, 3], tf.uint8, name='input_tensor')
    tf.saved_model.save(module, str(tmp_path), {'serving_default': tf.function(function).get_concrete_function(spec)})
    (tmp_path / 'label_map.pbtxt').write_text(LABEL_MAP)
    return str(tmp_path)

  return save


def test_both_signatures_give_the_same_outputs(colour_model, draw):
  model = SavedModel(str(colour_model / 'Format-Serving'))
  assert model.labels == {'red': 1, 'blue': 2}
  images = np.stack([draw([('red', (10, 20, 34, 52))]), draw([('blue', (0, 0, 9, 9))])])
  pixels, encoded = model.detect_pixels(images), model.detect_encoded([png(image) for image in images])
  assert pixels['detection_boxes'].shape == (2, 2, 4)
  for name, value in pixels.items():
    np.testing.assert_array_equal(value, encoded[name])


def test_a_missing_signature_is_named_when_it_is_asked(save):
  model = SavedModel(save(lambda images: {'detection_boxes': tf.zeros([1, 1, 4])}))
  with pytest.raises(DataError, match=r"no signature \"image_bytes\". Received \['serving_default'\]. Export it again"):
    model.detect_encoded([b''])


def test_a_missing_output_is_named_when_it_is_asked(save):
  model = SavedModel(save(lambda images: {'detection_boxes': tf.zeros([1, 1, 4])}))
  with pytest.raises(DataError, match='"serving_default" has no output detection_classes'):
    model.detect_pixels(np.zeros([1, 4, 4, 3], np.uint8))


def test_a_damaged_model_is_refused(tmp_path, colour_model):
  (tmp_path / 'saved_model.pb').write_bytes((colour_model / 'Format-Serving/saved_model.pb').read_bytes()[:100])
  (tmp_path / 'label_map.pbtxt').write_text(LABEL_MAP)
  with pytest.raises(DataError, match='does not load'):
    SavedModel(str(tmp_path))
