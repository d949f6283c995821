"""Open Images' codes get their names from the table of class descriptions."""

import pytest

from components.voc_example_gen import open_images
from components.voc_example_gen.annotation import Annotation, Object

NAMES = {'/m/011k07': 'Tortoise', '/m/01g317': 'Person, standing'}


@pytest.mark.parametrize('header', ['', 'LabelName,DisplayName\n'])
def test_class_descriptions_are_known_by_their_codes(header):
  assert open_images.class_names(header + '/m/011k07,Tortoise\n/m/01g317,"Person, standing"\n') == NAMES


@pytest.mark.parametrize('text', ['', 'filename,class\n', 'cat,0\ndog,1\n', '/m/011k07,Tortoise,3\n'])
def test_other_tables_are_none(text):
  assert open_images.class_names(text) == {}


def test_codes_get_their_names():
  annotation = Annotation(objects=(Object('/m/011k07', 1, 2, 3, 4), Object('/m/0', 1, 2, 3, 4)))
  (named,) = open_images.named([annotation], NAMES)
  assert [thing.label for thing in named.objects] == ['Tortoise', '/m/0']


@pytest.mark.parametrize(('label', 'expected'), [('/m/01g317', True), ('cat', False), ('/m/', False)])
def test_codes_are_told_from_names(label, expected):
  assert open_images.is_code(label) is expected
