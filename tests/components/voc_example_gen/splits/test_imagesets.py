"""Splits given by the lists of a VOC devkit."""

import tracemalloc

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.splits import imagesets
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

LISTS = {
  'stems': {'train.txt': 'a\nb\n', 'val.txt': 'c\n'},
  'file names': {'train.txt': 'a.jpg\nb.jpg\n', 'val.txt': 'c.jpg\n'},
  'paths': {'train.txt': './JPEGImages/a.jpg\nJPEGImages/b.jpg\n', 'val.txt': 'JPEGImages\\c.jpg'},
  'flags, Windows lines and a byte order mark': {'train.txt': '\ufeffa  1\r\nb -1\r\n', 'val.txt': 'c 0\r\n'},
  'trainval in place of train': {'trainval.txt': 'a\nb\n', 'test.txt': 'c\n'},
  'test in place of val': {'train.txt': 'a\nb\n', 'test.txt': 'c\n'},
  'train and val win over trainval': {'trainval.txt': 'a\nb\nc\n', 'train.txt': 'a\nb\n', 'val.txt': 'c\n'},
  'names of images that are not there': {'train.txt': 'a\nb\nlost\n', 'val.txt': 'c\n../../etc/passwd\n'},
}


@pytest.mark.parametrize('lists', LISTS.values(), ids=LISTS)
def test_imagesets(tmp_path, lists):
  images = {f'JPEGImages/{name}.jpg': encode(picture(n)) for n, name in enumerate('abc')}
  xmls = {f'Annotations/{name}.xml': voc(thing()) for name in 'abc'}
  voc_maker.write(tmp_path, {**images, **xmls, **{f'ImageSets/Main/{name}': text for name, text in lists.items()}})
  planned, outcomes, _ = voc_maker.examine(tmp_path)
  assert planned.split_method == 'imagesets'
  assert {image[-5]: outcome.split for image, outcome in outcomes.items()} == {'a': 'train', 'b': 'train', 'c': 'eval'}


def test_each_devkit_of_a_folder_has_its_own_lists(tmp_path):
  years = {'VOC2007': ('train.txt', 'train'), 'VOC2012': ('val.txt', 'eval')}
  files = {f'{year}/ImageSets/Main/{name}': '000001\n' for year, (name, _) in years.items()}
  tree = listing.list_folder(str(voc_maker.write(tmp_path, files)))
  images = [f'{year}/JPEGImages/000001.jpg' for year in years]
  assert imagesets.read(tree, [Item(image) for image in images]) == {images[0]: 'train', images[1]: 'eval'}


def test_no_more_is_held_of_a_list_than_its_bytes(tmp_path):
  text = ''.join(f'{number:06}\n' for number in range(200_000))
  tree = listing.list_folder(str(voc_maker.write(tmp_path, {'ImageSets/Main/train.txt': text})))
  tracemalloc.start()
  try:
    assert imagesets.read(tree, [Item('JPEGImages/123456.jpg')]) == {'JPEGImages/123456.jpg': 'train'}
    assert tracemalloc.get_traced_memory()[1] < 2 * len(text)
  finally:
    tracemalloc.stop()
