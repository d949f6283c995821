"""What of a large folder may describe a single image, and in which part it is."""

import pytest

from components.voc_example_gen.spread import spread_listing
from components.voc_example_gen.spread.spread_listing import Kind
from tests.support import spread_plans, voc_maker


@pytest.mark.parametrize(
  'path', ['x/A.jpg', 'A.xml', 'a.jpg.xml', 'a.xml.xml', 'a%2Ejpg.xml', 'a.jpg.png', 'a.txt', 'a']
)
def test_files_that_may_belong_together_are_in_one_part(path):
  assert spread_listing.part_of(path) == spread_listing.part_of('y/a.jpg')


KINDS = {
  'a.JPG': Kind.IMAGE,
  'a.xml': Kind.XML,
  'a..xml': Kind.XML,
  'x.y/a.b.xml': Kind.XML,
  '.xml': None,
  'x/.jpg': None,
  'x.jpg/a': None,
  'labels/train/a.TXT': Kind.TEXT,
  'README.txt': None,
  'train_list.txt': None,
  'classes.txt': None,
  'my_classes.txt': None,
  'ImageSets/Main/cat.txt': None,
  'a.json': None,
}


@pytest.mark.parametrize(('path', 'kind'), KINDS.items())
def test_the_name_tells_what_may_describe_a_single_image(path, kind):
  assert spread_listing.kind_of(path) is kind


LIKELY = {
  'voc': {'1.xml': '', '1.txt': ''},
  'yolo': {'1.txt': '', 'big.json': '{}'},
  'coco': {'a.json': '{}', 'b.csv': 'a', 'odd.txt': ''},
  'csv': {'a.json': '{}', 'b.csv': 'a,b,c'},
  '': {},
}


@pytest.mark.parametrize(('data_format', 'files'), LIKELY.items())
def test_the_most_likely_format_is_tried(tmp_path, data_format, files):
  images = {f'{number}.jpg': '' for number in range(3 if data_format == 'coco' else 1)}
  root = voc_maker.write(tmp_path / 'data', {**files, **images})
  assert spread_plans.listed(root, tmp_path / 'work').likely_format == data_format


def test_a_few_texts_may_be_labels_if_nothing_else_is_there(tmp_path):
  root = voc_maker.write(tmp_path / 'data', {'1.jpg': '', '2.jpg': '', '3.jpg': '', '1.txt': ''})
  assert spread_plans.listed(root, tmp_path / 'work').likely_format == 'yolo'
