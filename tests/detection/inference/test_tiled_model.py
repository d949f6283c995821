"""A model that looks at tiles."""

import numpy as np
import pytest

from detection.inference.detector import Detector
from detection.inference.tiled_model import TiledModel
from detection.tiles.grid import Grid
from tests.support.colour_detector import png


class FakeModel:
  """Finds the one bright rectangle of each picture, as far as it is inside; nothing in a dark one."""

  labels = {'bright': 1}

  def __init__(self):
    self.batches = []

  def detect_pixels(self, batch):
    self.batches.append(batch.shape)
    boxes, numbers = np.zeros((len(batch), 2, 4), np.float32), np.zeros(len(batch), np.float32)
    for index, image in enumerate(batch):
      rows, columns = np.nonzero(image[:, :, 0] > 100)
      if len(rows):
        sides = rows.min() / len(image), columns.min() / image.shape[1]
        boxes[index, 0] = (*sides, (rows.max() + 1) / len(image), (columns.max() + 1) / image.shape[1])
        numbers[index] = 1
    scores = np.tile(np.array([0.8, 0.5], np.float32), (len(batch), 1))
    outputs = {'detection_boxes': boxes, 'detection_classes': np.ones((len(batch), 2), np.float32)}
    return {**outputs, 'detection_scores': scores, 'num_detections': numbers}


def image(*rectangles, size=(300, 200)):
  pixels = np.zeros((size[1], size[0], 3), np.uint8)
  for xmin, ymin, xmax, ymax in rectangles:
    pixels[ymin:ymax, xmin:xmax] = 200
  return pixels


@pytest.fixture
def model():
  return FakeModel()


def found(outputs, index=0, size=(300, 200)):
  count = int(outputs['num_detections'][index])
  scaled = outputs['detection_boxes'][index, :count] * np.array([size[1], size[0]] * 2)
  return [tuple(np.round(box[[1, 0, 3, 2]]).astype(int).tolist()) for box in scaled]


def test_an_object_is_found_at_its_place_in_the_whole_image_once(model):
  # In the part that four tiles share.
  tiled = TiledModel(model, Grid(120, 0.4), batch_size=4)
  assert found(tiled.detect_pixels(image((100, 80, 110, 95))[np.newaxis])) == [(100, 80, 110, 95)]
  assert all(shape[0] <= 4 and shape[1:3] == (120, 120) for shape in model.batches)
  assert tiled.labels == model.labels


def test_the_whole_object_is_kept_and_the_piece_of_it_is_not(model):
  tiled = TiledModel(model, Grid(120, 0.4), batch_size=8)
  assert found(tiled.detect_pixels(image((95, 20, 140, 50))[np.newaxis])) == [(95, 20, 140, 50)]


def test_images_with_different_numbers_of_objects_are_padded(model):
  tiled = TiledModel(model, Grid(100, 0.0), batch_size=8)
  outputs = tiled.detect_encoded([png(image()), png(image((10, 10, 30, 30), (210, 110, 250, 150)))])
  assert outputs['num_detections'].tolist() == [0, 2]
  assert outputs['detection_boxes'].shape == (2, 2, 4)
  assert sorted(found(outputs, 1)) == [(10, 10, 30, 30), (210, 110, 250, 150)]


def test_a_detector_with_tiles_finds_what_one_without_them_finds(colour_model, draw):
  picture = draw([('red', (10, 8, 34, 30)), ('blue', (40, 60, 60, 90))])
  plain, tiled = (Detector(str(colour_model), tiles=tiles).detect([picture])[0] for tiles in (None, Grid(64, 0.5)))
  order = [found.names.index(name) for found in (plain, tiled) for name in ('red', 'blue')]
  np.testing.assert_allclose(tiled.boxes[order[2:]], plain.boxes[order[:2]], atol=0.02)
  assert len(tiled.above(0.5)) == 2
