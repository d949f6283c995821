"""Detector, on a real SavedModel that finds coloured rectangles."""

import numpy as np
import PIL.Image
import pytest

from detection.base.errors import DataError
from detection.inference import detector

RED = (10, 20, 34, 52)  # ymin, xmin, ymax, xmax in pixels of a 96 x 64 image


def test_boxes_and_names_come_out_for_every_kind_of_image(colour_model, draw, tmp_path):
  pixels = draw([('red', RED)])
  path = tmp_path / 'a.png'
  PIL.Image.fromarray(pixels).save(path)
  images = [str(path), path, path.read_bytes(), pixels, PIL.Image.fromarray(pixels)]
  for found in detector.Detector(str(colour_model)).detect(images, min_score=0.5):
    assert found.names == ('red',)
    assert found.classes.tolist() == [1]
    np.testing.assert_allclose(found.boxes, [[10 / 64, 20 / 96, 34 / 64, 52 / 96]], atol=1e-6)


def test_batches_of_mixed_sizes_keep_the_order_and_equal_single_images(colour_model, draw):
  images = [
    draw([('red' if n % 2 else 'blue', (n, n, n + 20, n + 30))], size=(80 + 10 * (n % 3), 60)) for n in range(9)
  ]
  model = detector.Detector(str(colour_model), batch_size=4)
  together = model.detect(images, min_score=0.5)
  for n, (image, found) in enumerate(zip(images, together, strict=True)):
    (alone,) = model.detect([image], min_score=0.5)
    assert found.names == alone.names == (('red',) if n % 2 else ('blue',))
    np.testing.assert_array_equal(found.boxes, alone.boxes)


def test_bytes_that_the_model_cannot_decode_are_refused_with_its_path(colour_model):
  with pytest.raises(DataError, match='Format-Serving: the model could not read an image'):
    detector.Detector(str(colour_model)).detect_encoded([b'not an image'])


@pytest.mark.parametrize('name', ['b.tflite', 'b.onnx'])
def test_a_file_that_is_not_there_is_refused(tmp_path, name):
  with pytest.raises(DataError, match=f'{name}: no such file'):
    detector.Detector(tmp_path / name)


@pytest.mark.parametrize('path', ['nowhere', ''])
def test_a_folder_without_a_model_is_refused(tmp_path, path):
  with pytest.raises(DataError, match='no SavedModel'):
    detector.Detector(str(tmp_path / path))


def test_a_model_without_label_map_is_refused(tmp_path):
  (tmp_path / 'saved_model.pb').touch()
  with pytest.raises(DataError, match='no label_map.pbtxt'):
    detector.Detector(str(tmp_path))


def test_an_array_of_another_type_is_refused(colour_model):
  with pytest.raises(DataError, match=r'expected uint8 \[H, W, 3\]'):
    detector.Detector(str(colour_model)).detect([np.zeros((4, 4, 3), np.float32)])
