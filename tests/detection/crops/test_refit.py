"""A classifier is fitted behind a detector; the detector and its backbone stay as they are."""

import dataclasses
import json

import numpy as np
import pytest

from detection.crops import load_backbone, refit
from detection.crops.source_images import SourceImage
from detection.inference.detector import Detector
from tests.support.colour_crops import BLUE, RED, rectangles

NAMES = {'red': 'apple', 'blue': 'plum'}


@pytest.fixture
def detector(colour_model, mean_colour, monkeypatch):
  monkeypatch.setattr(load_backbone, 'load', lambda source: mean_colour)
  return refit.load_detector(str(colour_model))


def test_a_plain_detector_brings_no_classes(detector, colour_model):
  assert detector.labels == {}
  assert detector.config == (colour_model / 'pipeline.config').read_text()


def test_the_fit_says_what_it_was_fitted_to(detector, draw):
  fitted = refit.fit(detector, rectangles(draw, NAMES))
  assert fitted.objects == {'apple': 4, 'plum': 4}
  assert (fitted.most_in_an_image, fitted.kind, fitted.head.accuracy) == (2, 'logistic', 1.0)


@pytest.mark.parametrize(('most_in_an_image', 'expected'), [(2, 20), (25, 25), (130, 100)])
def test_as_many_boxes_are_named_as_the_fullest_image_needs_within_bounds(detector, draw, most_in_an_image, expected):
  fitted = refit.fit(detector, rectangles(draw, NAMES))
  assert refit.default_max_boxes(dataclasses.replace(fitted, most_in_an_image=most_in_an_image)) == expected


def test_a_class_of_thousands_does_not_fill_the_memory(detector, draw):
  crowd = [
    SourceImage(f'{number}.png', one.encoded, ['apple'] * 90 + ['plum'], np.tile(one.boxes, (46, 1))[:91])
    for number, one in enumerate(rectangles(draw, NAMES))
  ]
  assert refit.fit(detector, crowd).objects == {'apple': 200, 'plum': 4}


def test_what_is_written_is_a_model_whose_parts_can_be_taken_over(detector, draw, tmp_path, monkeypatch):
  fitted = refit.fit(detector, rectangles(draw, NAMES))
  refit.write(str(tmp_path), detector, fitted, {'apple': 1, 'plum': 2}, max_boxes=7)
  (found,) = Detector(tmp_path).detect([draw([('red', RED), ('blue', BLUE)])])
  assert sorted(found.names) == ['apple', 'plum']
  assert json.loads((tmp_path / 'classifier.json').read_text()) == {
    'objects': {'apple': 4, 'plum': 4},
    'kind': 'logistic',
    'cross_validated_accuracy': 1.0,
    'max_boxes': 7,
  }

  monkeypatch.setattr(load_backbone, 'load', None)  # not asked: the backbone is in the model
  again = refit.load_detector(str(tmp_path))
  assert again.labels == {'apple': 1, 'plum': 2}
  assert again.config == detector.config
  assert refit.fit(again, rectangles(draw, NAMES)).head.accuracy == 1.0
