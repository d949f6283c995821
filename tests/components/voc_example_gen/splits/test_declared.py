"""Splits that a data.yaml, a darknet .data file or image lists declare."""

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.splits import declared
from tests.support import voc_maker
from tests.support.named_images import assign_names

HALVES = {'images/a/1.jpg': 'train', 'images/a/2.jpg': 'train', 'images/b/3.jpg': 'eval'}
LISTS = {'lists/one.txt': './images/a/1.jpg\n./images/a/2.jpg\n', 'lists/two.txt': './images/b/3.jpg\n'}

DECLARED = {
  'folders': {'data.yaml': 'path: .\ntrain: images/a\nval: images/b\n'},
  'folders below the path': {'data.yaml': 'path: images\ntrain: a\nval: ./b/\n'},
  'the path of another machine': {'data.yaml': 'path: ../datasets/coco128\ntrain: images/a\nval: images/b\n'},
  'a path of another machine that ends here': {'data.yaml': 'path: /content/drive/images\ntrain: a\nval: b\n'},
  'a file in a folder of its own': {'cfg/data.yaml': 'train: images/a\nval: images/b\n'},
  'a file beside its folders, with the path of another machine': {
    'images/data.yaml': 'path: ../datasets/x\ntrain: a\nval: b\n'
  },
  'the path itself': {'data.yaml': 'path: images/a\ntrain: .\nval: images/b\n'},
  "Roboflow's way up": {'data.yaml': 'train: ../images/a\nval: ../images/b\n'},
  'absolute paths of another machine': {'data.yaml': 'train: /content/x/images/a\nval: C:\\x\\images\\b\n'},
  'Windows paths and capitals': {'Data.YML': 'train: Images\\A\nval: IMAGES\\b\n'},
  'valid': {'data.yaml': 'train: images/a\nvalid: images/b\n'},
  'validation': {'data.yaml': 'train: images/a\nvalidation: images/b\n'},
  'val wins over test': {'data.yaml': 'train: images/a\nval: images/b\ntest: images/b\n'},
  'patterns': {'data.yaml': 'train: images/a/*.jpg\nval: images/b/**\n'},
  'a list of folders': {'data.yaml': 'train: [images/a]\nval: [images/b, images/none]\n'},
  'image lists': {'data.yaml': 'train: lists/one.txt\nval: lists/two.txt\n', **LISTS},
  'lists of image lists': {'data.yaml': 'train:\n- lists/one.txt\nval:\n- lists/two.txt\n', **LISTS},
  'image lists relative to themselves': {
    'data.yaml': 'train: images/one.txt\nval: images/two.txt\n',
    'images/one.txt': 'a/1.jpg\na/2.jpg\n',
    'images/two.txt': 'b/3.jpg\n',
  },
  'images': {'data.yaml': 'train: [images/a/1.jpg, images/a/2.jpg]\nval: images/b/3.jpg\n'},
  'darknet': {
    'data/obj.data': 'classes = 2\ntrain  = data/train.txt\n valid = data/test.txt\nbackup = backup/\n',
    'data/train.txt': 'data/obj/1.jpg\r\ndata/obj/2.jpg\r\n',
    'data/test.txt': 'data/obj/3.jpg\r\n',
  },
  'lists alone': {'train.txt': '/home/me/images/a/1.jpg\n/home/me/images/a/2.jpg', 'val.txt': 'images/b/3.jpg'},
  'a list that begins with a mark, of paths in quotes': {
    'train.txt': "\ufeffimages/a/1.jpg\n'images/a/2.jpg'\n",
    'val.txt': '"images/b/3.jpg"\n',
  },
  'lists as Ultralytics divides': {
    'autosplit_train.txt': './images/a/1.jpg\n./images/a/2.jpg',
    'autosplit_val.txt': './images/b/3.jpg',
  },
  'an image in two lists is held out': {
    'data.yaml': 'train: train.txt\nval: val.txt\n',
    'train.txt': 'images/a/1.jpg\nimages/a/2.jpg\nimages/b/3.jpg',
    'val.txt': 'images/b/3.jpg',
  },
}


def read(tmp_path, files):
  tree = listing.list_folder(str(voc_maker.write(tmp_path, files)))
  return declared.read(tree, [Item(image) for image in HALVES])


FOR_FOLDERS = {
  name: files
  for name, files in DECLARED.items()
  if not any(path.endswith('.txt') for path in files) and name != 'images'
}


@pytest.mark.parametrize('name', DECLARED)
def test_splits_that_are_declared_for_folders_alone_are_found_without_the_images(tmp_path, name):
  tree = listing.list_folder(str(voc_maker.write(tmp_path, DECLARED[name])))
  assert declared.declares_folders_alone(tree) == (name in FOR_FOLDERS)
  if name in FOR_FOLDERS:
    assert declared.by_folder(tree, ['images/a', 'images/b', '', 'other']) == {'images/a': 'train', 'images/b': 'eval'}


def test_where_nothing_is_declared_no_image_is(tmp_path):
  tree = listing.list_folder(str(voc_maker.write(tmp_path, {'data.yaml': 'names: [cat]\n'})))
  assert declared.declares_folders_alone(tree)
  assert declared.by_folder(tree, ['a', '']) == {}


@pytest.mark.parametrize('files', DECLARED.values(), ids=DECLARED)
def test_what_is_declared_is_the_split(tmp_path, files):
  assert read(tmp_path, files) == HALVES


NOT_DIVIDED = {
  'nothing': {},
  'one folder for both': {'data.yaml': 'train: images\nval: images\n'},
  'folders that are not there': {'data.yaml': 'train: x/train\nval: x/val\n'},
  'folders of another machine, of which only their parent is there': {
    'data.yaml': 'train: /x/train/images\nval: /x/valid/images\n'
  },
  'no list of images': {'train.txt': '1 0.5 0.5 0.1 0.1\n', 'val.txt': 'buy milk\n'},
  'lists of a devkit': {'ImageSets/train.txt': 'images/a/1.jpg', 'ImageSets/val.txt': 'images/b/3.jpg'},
  "another program's file": {'compose.yml': 'services: {train: images/a, val: images/b}'},
  'a broken file': {'data.yaml': 'train: [images/a\nval: images/b'},
}


@pytest.mark.parametrize('files', NOT_DIVIDED.values(), ids=NOT_DIVIDED)
def test_what_does_not_divide_the_images_is_no_split(tmp_path, files):
  assert set(read(tmp_path, files).values()) <= {'eval'}
  assert assign_names(HALVES, method='auto').method == 'hash'


TWICE = ('a/1.jpg', 'b/1.jpg', 'x/a/1.jpg', 'x/b/1.jpg')


@pytest.mark.parametrize(
  ('files', 'splits'),
  [
    pytest.param(
      {'data.yaml': 'train: x/one.txt\nval: x/two.txt\n', 'x/one.txt': 'a/1.jpg', 'x/two.txt': 'b/1.jpg'},
      {'x/a/1.jpg': 'train', 'x/b/1.jpg': 'eval'},
      id='paths are relative to their list',
    ),
    pytest.param(
      {'train.txt': '/home/a/1.jpg', 'val.txt': '1.jpg\nlost/1.jpg'},
      {'a/1.jpg': 'train'},
      id='a name alone stands for no image if several have it',
    ),
  ],
)
def test_of_images_with_one_name_that_at_the_path_is_meant(tmp_path, files, splits):
  tree = listing.list_folder(str(voc_maker.write(tmp_path, files)))
  assert declared.read(tree, list(map(Item, TWICE))) == splits
  lists = declared.lists_alone(tree)
  lines = [(one, line) for one in lists for line in (tmp_path / one.path).read_text().splitlines()]
  assert declared.listed(lines, TWICE) == splits


@pytest.mark.parametrize(
  ('splits', 'divide'),
  [(['train', 'eval'], True), (['train', 'test'], True), (['train'], False), (['eval', 'test'], False), ([], False)],
)
def test_images_are_divided_if_some_are_for_training_and_some_are_not(splits, divide):
  assert declared.divides(splits) == divide


def test_what_is_declared_and_does_not_divide_is_told_all_the_same(tmp_path):
  assert read(tmp_path, NOT_DIVIDED['one folder for both']) == dict.fromkeys(HALVES, 'eval')


def test_declared_folders_come_before_the_names_of_folders(tmp_path):
  files = {
    f'{folder}/{n}.jpg': voc_maker.encode(voc_maker.picture(n)) for n, folder in enumerate(('train', 'val', 'new'))
  }
  labels = {path.replace('.jpg', '.txt'): '0 0.5 0.5 0.2 0.2' for path in files}
  voc_maker.write(tmp_path, {**files, **labels, 'data.yaml': 'names: [cat]\ntrain: train\nval: new\n'})
  planned, outcomes, tally = voc_maker.examine(tmp_path)
  assert planned.split_method == 'declared'
  assert {image: outcome.split for image, outcome in outcomes.items()} == {'train/0.jpg': 'train', 'new/2.jpg': 'eval'}
  assert voc_maker.reasons(tally) == {'val/1.jpg': 'not_in_a_split'}


def test_splits_that_are_declared_and_not_there_are_told(tmp_path):
  files = {
    f'{n}.{kind}': content
    for n in range(3)
    for kind, content in (('jpg', voc_maker.encode(voc_maker.picture(n))), ('txt', ''))
  }
  files |= {'data.yaml': 'names: [cat]\ntrain: x/train\nval: x/val\n', 'hyp.yaml': 'train: 3\n'}
  planned, _, _ = voc_maker.examine(voc_maker.write(tmp_path, files))
  assert planned.warnings[0] == 'data.yaml: splits are declared there, and none of their images is in the folder.'
