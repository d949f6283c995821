"""A labelled image becomes labelled tiles."""

import io

import numpy as np
import PIL.Image
import pytest

from detection import records
from detection.records import LabelledBox, LabelledImage
from detection.tiles import cut
from detection.tiles.settings import TileSettings


def record(*boxes, size=(200, 100), kind='PNG'):
  """boxes: (label, xmin, ymin, xmax, ymax) in pixels. Every pixel's red and green are its place."""
  width, height = size
  pixels = np.zeros((height, width, 3), np.uint8)
  pixels[:, :, 0], pixels[:, :, 1] = np.arange(width) % 256, np.arange(height)[:, np.newaxis] % 256
  buffer = io.BytesIO()
  PIL.Image.fromarray(pixels).save(buffer, kind)
  scaled = [
    LabelledBox(label, *fractions((ymin, xmin, ymax, xmax), size), label == 'hard')
    for label, xmin, ymin, xmax, ymax in boxes
  ]
  image = LabelledImage(buffer.getvalue(), kind.lower(), height, width, 'a.png', scaled)
  return records.serialize(image), buffer.getvalue()


def fractions(sides, size):
  width, height = size
  return (np.array(sides) / (height, width, height, width)).astype(np.float32).tolist()


def tiles(content, **settings):
  return {tile.name: tile for tile in cut.tiles(content, TileSettings(**{'size': 100, 'overlap': 0, **settings}))}


def pixels_of(box):
  return [round(100 * side) for side in (box.xmin, box.ymin, box.xmax, box.ymax)]


def test_boxes_go_with_the_tile_they_are_in():
  found = tiles(record(('cat', 10, 20, 30, 60), ('hard', 110, 0, 200, 100))[0])
  assert list(found) == ['a.png@0,0', 'a.png@100,0']
  (cat,), (hard,) = (tile.boxes for tile in found.values())
  assert (cat.label, pixels_of(cat), cat.difficult, cat.truncated) == ('cat', [10, 20, 30, 60], False, False)
  assert (hard.label, pixels_of(hard), hard.difficult) == ('hard', [10, 0, 100, 100], True)


@pytest.mark.parametrize(
  ('min_visible', 'expected'),
  [(0.2, {'a.png@0,0': [70, 0, 100, 50], 'a.png@100,0': [0, 0, 10, 50]}), (0.5, {'a.png@0,0': [70, 0, 100, 50]})],
)
def test_a_box_on_the_border_belongs_where_enough_of_it_is_visible(min_visible, expected):
  found = tiles(record(('cat', 70, 0, 110, 50))[0], min_visible=min_visible, empty=0)
  assert {name: pixels_of(tile.boxes[0]) for name, tile in found.items()} == expected
  assert all(tile.boxes[0].truncated for tile in found.values())


def test_a_tile_shows_its_part_of_the_image():
  tile = tiles(record(('cat', 110, 10, 150, 60))[0], empty=0)['a.png@100,0']
  shown = np.asarray(PIL.Image.open(io.BytesIO(tile.encoded)))
  assert shown.shape == (tile.height, tile.width, 3) == (100, 100, 3)
  assert shown[7, 3].tolist() == [103, 7, 0]


def test_an_image_no_larger_than_a_tile_keeps_its_bytes():
  content, encoded = record(('cat', 0, 0, 50, 50), size=(100, 80), kind='JPEG')
  (tile,) = tiles(content).values()
  assert (tile.encoded, tile.format) == (encoded, 'jpeg')


@pytest.mark.parametrize(('empty', 'least', 'most'), [(0.0, 0, 0), (0.3, 15, 45), (1.0, 100, 100)])
def test_of_the_empty_tiles_a_part_is_taken_the_same_each_time(empty, least, most):
  content, _ = record(size=(1000, 1000))
  names = list(tiles(content, empty=empty))
  assert least <= len(names) <= most
  assert names == list(tiles(content, empty=empty))
