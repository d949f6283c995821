"""TFLite files: what is packed into them, and how images are scaled to the network."""

import io
import zipfile

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.inference import tflite_model
from detection.inference.detector import Detector


def test_labels_and_letterbox_come_back_and_equal_input_gives_equal_bytes():
  letterbox = tflite_model.Letterbox(keep_aspect=True, padding=(1.5, 2.0, 3.0))
  packed = tflite_model.pack(b'network', {'cat': 1, 'dög': 3}, letterbox)
  assert packed == tflite_model.pack(b'network', {'cat': 1, 'dög': 3}, letterbox)
  assert packed.startswith(b'network')
  assert tflite_model.unpack(packed, 'a.tflite') == ({'cat': 1, 'dög': 3}, letterbox)
  with zipfile.ZipFile(io.BytesIO(packed)) as archive:
    assert archive.read('labels.txt').decode().splitlines() == ['cat', '???', 'dög']  # line 0 is class 0


def test_a_name_of_two_lines_is_refused():
  with pytest.raises(DataError, match=r"'a\\nb' does not fit a line"):
    tflite_model.pack(b'', {'a\nb': 1}, tflite_model.Letterbox())


@pytest.mark.parametrize('content', [b'', b'TFL3 without labels'])
def test_a_file_without_labels_is_refused_by_name(content, tmp_path):
  (tmp_path / 'a.tflite').write_bytes(content)
  with pytest.raises(DataError, match='a.tflite: no labels.txt and input.json in it'):
    Detector(str(tmp_path / 'a.tflite'))


def test_a_file_with_labels_but_without_a_network_is_refused_by_name(tmp_path):
  (tmp_path / 'a.tflite').write_bytes(tflite_model.pack(b'no network', {'a': 1}, tflite_model.Letterbox()))
  with pytest.raises(DataError, match='a.tflite: the network does not load'):
    Detector(str(tmp_path / 'a.tflite'))


def test_an_image_is_stretched_or_kept_in_shape_with_padding_at_the_end():
  pixels = np.full((10, 20, 3), 7, np.uint8)
  stretched, fraction = tflite_model.Letterbox().apply(pixels, 40, 40)
  assert (stretched == 7).all()
  assert fraction == (1, 1)
  kept, fraction = tflite_model.Letterbox(keep_aspect=True, padding=(1.0, 2.0, 3.0)).apply(pixels, 40, 40)
  assert kept.shape == (40, 40, 3)
  assert kept.dtype == np.float32
  assert fraction == (0.5, 1)
  assert (kept[:20] == 7).all()
  assert (kept[20:] == (1, 2, 3)).all()


def tiny_network():
  """A network of two pixels in that finds one box over the first half of its input, class 1; score: its mean / 255."""
  import tensorflow as tf

  @tf.function(input_signature=[tf.TensorSpec([1, 2, 2, 3], tf.float32)])
  def infer(image):
    score = tf.reduce_mean(image) / 255
    boxes = tf.constant([[[0, 0, 0.5, 0.5]]]) + 0 * score
    return boxes, tf.ones([1, 1]) + 0 * score, tf.reshape(score, [1, 1]), tf.ones([1]) + 0 * score

  return tf.lite.TFLiteConverter.from_concrete_functions([infer.get_concrete_function()]).convert()


def test_boxes_are_of_the_image_not_of_its_padding_and_classes_count_from_one(tmp_path):
  path = tmp_path / 'tiny.tflite'
  path.write_bytes(tflite_model.pack(tiny_network(), {'cat': 1, 'dog': 2}, tflite_model.Letterbox(keep_aspect=True)))
  image = np.full((30, 60, 3), 255, np.uint8)
  (found,) = Detector(str(path)).detect([image])
  assert found.names == ('dog',)
  np.testing.assert_allclose(found.boxes, [[0, 0, 1, 0.5]], atol=1e-6)
  assert found.scores == pytest.approx(0.5)
