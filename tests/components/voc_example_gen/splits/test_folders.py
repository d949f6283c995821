"""Splits given by folders, or by the names of annotation files."""

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.splits import folders
from tests.support.named_images import assign_names

FOLDERS = {
  'train and test': ({'train/a.jpg': 'train', 'test/b.jpg': 'eval'}, {}),
  'Roboflow': ({'train/a.jpg': 'train', 'valid/b.jpg': 'eval'}, {'test/c.jpg'}),
  'YOLO': ({'images/train/a.jpg': 'train', 'images/val/b.jpg': 'eval'}, set()),
  'capitals': ({'Train/a.jpg': 'train', 'VALIDATION/b.jpg': 'eval'}, set()),
  'files beside the folders': ({'train/a.jpg': 'train', 'val/b.jpg': 'eval'}, {'c.jpg'}),
}


@pytest.mark.parametrize(('expected', 'aside'), FOLDERS.values(), ids=FOLDERS)
def test_folders(expected, aside):
  result = assign_names([*expected, *aside], method='auto')
  assert result.method == 'folders'
  assert result.split_of == expected
  assert {refusal.path for refusal in result.left_out} == set(aside)
  assert {refusal.reason.value for refusal in result.left_out} <= {'not_in_a_split'}


@pytest.mark.parametrize(
  ('path', 'split'),
  [
    ('annotations/instances_train2017.json', 'train'),
    ('annotations/instances_val2017.json', 'eval'),
    ('test_labels.csv', 'test'),
    ('train/_annotations.coco.json', ''),
  ],
)
def test_the_split_in_an_annotation_files_own_name(path, split):
  assert folders.split_in_file_name(path) == split


def test_the_folder_of_the_annotation_tells_the_split_where_the_images_is_silent():
  items = [
    Item('images/a.jpg', annotation_file='xml/train/a.xml'),
    Item('images/b.jpg', annotation_file='xml/val/b.xml'),
  ]
  assert folders.read(listing.Tree('root', ()), items) == {'images/a.jpg': 'train', 'images/b.jpg': 'eval'}
