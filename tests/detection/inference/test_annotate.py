"""Detecting in files: what is kept, and what is drawn."""

import numpy as np
import PIL.Image
import pytest

from detection.detections import Detections
from detection.inference import annotate
from detection.inference.detector import Detector

RED, BLUE = ('red', (10, 20, 34, 52)), ('blue', (40, 60, 60, 90))


@pytest.fixture
def image(draw, tmp_path):
  path = tmp_path / 'a.png'
  PIL.Image.fromarray(draw([RED, BLUE])).save(path)
  return str(path)


def test_detections_are_kept_by_class_and_drawn_by_score(colour_model, image, tmp_path):
  targets = {image: tmp_path / 'out' / 'a.jpg'}
  annotator = annotate.Annotator(Detector(str(colour_model)), targets, min_score=1.0, classes=['blue'])
  annotator.add_images([image])
  (predicted,) = annotator.predicted
  assert (predicted.number, predicted.file, predicted.size, predicted.frame) == (1, image, (96, 64), None)
  assert predicted.detections.names == ('blue',)
  with PIL.Image.open(targets[image]) as copy, PIL.Image.open(image) as original:
    # No score is 1: nothing is drawn, and JPEG alone changes the pixels a little.
    assert np.abs(np.asarray(copy, int) - np.asarray(original, int)).mean() < 5
  assert annotator.seconds > 0


def test_a_drawn_image_has_its_boxes_in_the_colours_of_the_classes():
  image = PIL.Image.new('RGB', (200, 200))
  found = Detections(np.array([[0.5, 0.1, 0.9, 0.9]], np.float32), np.array([1]), np.array([0.9]), ('red',))
  drawn = np.asarray(annotate.draw(image, found))
  assert drawn[100, 100].any()
  assert not drawn[150, 100].any()
