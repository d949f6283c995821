"""Planted labelling mistakes are found; right labels are not suspected."""

import json

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.crops import suspects
from detection.crops.embedded_objects import EmbeddedObjects, embed
from tests.support.colour_crops import BOX, scene, scenes


def test_a_wrong_label_is_the_surest_suspect_and_right_ones_are_none(mean_colour):
  report = suspects.find(embed(scenes(12, {'red-3': 'blue', 'green-7': 'red'}), mean_colour))
  assert {(s.image, s.label, s.likely) for s in report.suspects} == {
    ('red-3.png', 'blue', 'red'),
    ('green-7.png', 'red', 'green'),
  }
  assert report.judged == 36
  assert all(s.confidence > s.label_confidence for s in report.suspects)


def test_suspects_are_ranked_by_how_much_the_classifier_contradicts():
  places = np.linspace(-1, 1, 20)
  features = np.concatenate([places, places + 10, [7.0, 14.0, 6.0]])[:, np.newaxis].astype(np.float32)
  labels = np.array(['a'] * 20 + ['b'] * 20 + ['a'] * 3, object)
  names = np.array([f'{number}.png' for number in range(43)], object)
  report = suspects.find(EmbeddedObjects(names, np.zeros(43, int), labels, np.zeros((43, 4)), features))
  assert [suspect.image for suspect in report.suspects] == ['41.png', '40.png', '42.png']


def test_a_class_of_one_image_is_not_judged_and_named(mean_colour):
  report = suspects.find(embed([*scenes(6), scene('odd.png', 'red', 'odd')], mean_colour))
  assert report.unjudged_classes == ('odd',)
  assert report.judged == 18
  assert 'not judged, as only one image has them: odd' in suspects.summary(report)


def test_one_class_beside_a_class_of_one_image_is_one_line(mean_colour):
  images = [s for s in scenes(6) if s.labels == ['red']]
  with pytest.raises(DataError, match=r'two classes or more to tell apart, received one: "red"'):
    suspects.find(embed([*images, scene('odd.png', 'blue')], mean_colour))


SUSPECT = suspects.Suspect('a/b.png', 2, 'cat', BOX, 'dog', confidence=0.9, label_confidence=0.05)


def test_the_file_gets_the_suspects_and_what_was_left_out():
  assert json.loads(json.dumps(suspects.as_dict(suspects.SuspectReport((SUSPECT,), 12, ('odd',))))) == {
    'boxes': 12,
    'classes_left_out': ['odd'],
    'suspects': [
      {
        'image': 'a/b.png',
        'number': 2,
        'label': 'cat',
        'box': list(BOX),
        'likely': 'dog',
        'share': 0.9,
        'label_share': 0.05,
      }
    ],
  }


def test_the_screen_shows_the_first_and_counts_the_rest():
  lines = suspects.summary(suspects.SuspectReport((SUSPECT,) * 5, 12, ()), most=2)
  assert lines == [
    'suspects: 5 of 12 boxes look like another class',
    '  a/b.png: box 2: cat, looks like dog',
    '  a/b.png: box 2: cat, looks like dog',
    '  and 3 more',
  ]
