"""Whole images: what is found in them, and their features."""

import numpy as np
import PIL.Image
import pytest

from detection.crops import seen_images
from detection.inference.detector import Detector
from tests.support.colour_detector import png

pytestmark = pytest.mark.slow


def test_every_readable_image_has_detections_features_and_a_size(colour_model, mean_colour, draw, tmp_path, capsys):
  paths = [tmp_path / f'{number}.png' for number in range(4)]
  PIL.Image.fromarray(draw([])).save(paths[0])
  paths[1].write_bytes(b'not an image')
  PIL.Image.fromarray(draw([('red', (0, 0, 64, 96))])).save(paths[2])
  PIL.Image.fromarray(draw([('red', (4, 4, 20, 20)), ('blue', (30, 30, 60, 60))], size=(128, 64))).save(paths[3])
  seen = seen_images.see([str(path) for path in paths], Detector(str(colour_model), batch_size=2), mean_colour)
  assert list(seen.paths) == [str(paths[index]) for index in (0, 2, 3)]
  assert list(seen.sizes) == [(96, 64), (96, 64), (128, 64)]
  assert [sorted(found.above(0.5).names) for found in seen.detections] == [[], ['red'], ['blue', 'red']]
  np.testing.assert_allclose(seen.features[:2], [(128, 128, 128), (230, 20, 20)], atol=1)
  assert seen.mirrored == []
  (sentence,) = seen.left_out
  assert '1.png: not an image' in sentence
  assert sentence in capsys.readouterr().err


def test_without_images_there_is_nothing(colour_model, mean_colour):
  assert len(seen_images.see([], Detector(str(colour_model)), mean_colour)) == 0


def test_images_that_are_no_files_are_seen_as_files_are(colour_model, mean_colour, draw):
  contents = [png(draw([('red', (4, 4, 20, 20))])), png(draw([]))]
  seen = seen_images.see_encoded(iter(contents), Detector(str(colour_model), batch_size=1), mean_colour)
  assert [len(found.above(0.5)) for found in seen.detections] == [1, 0]
  assert (len(seen), seen.features.shape) == (2, (2, 3))


def test_in_the_mirror_the_same_is_found_at_the_same_place(colour_model, mean_colour, draw, tmp_path):
  path = tmp_path / 'a.png'
  PIL.Image.fromarray(draw([('red', (4, 4, 20, 30)), ('blue', (30, 50, 60, 90))])).save(path)
  seen = seen_images.see([str(path)], Detector(str(colour_model)), mean_colour, mirror=True)
  (found,), (mirrored,) = seen.detections, seen.mirrored
  assert found.names == mirrored.names
  np.testing.assert_allclose(mirrored.boxes, found.boxes, atol=1e-6)
