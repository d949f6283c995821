"""Workers plan a large folder of label files as one process does."""

import pytest

from components.voc_example_gen import spread_parts
from detection.base.errors import DataError
from tests.support import spread_plans, voc_maker

IMAGES = 30
NAMES = 'names: [cat, dog, cow]\n'


@pytest.fixture(autouse=True)
def small(monkeypatch):
  spread_plans.make_small(monkeypatch)


def label(number):
  """Two boxes, or none for every fifth image."""
  return ''.join(f'{(number + n) % 3} 0.{n + 2} 0.5 0.25 0.{number + 10}\n' for n in range(2)) if number % 5 else ''


def folder(numbers, images='images', labels='labels', name='{:03}'):
  return {
    **{f'{images}/{name.format(n)}.jpg': b'' for n in numbers},
    **{f'{labels}/{name.format(n)}.txt': label(n) for n in numbers},
  }


PLAIN = folder(range(IMAGES))
ONE = {**PLAIN, 'data.yaml': NAMES}
PARTS = {'train': range(15), 'valid': range(15, 24), 'test': range(24, 30)}
IN_SPLITS = {
  path: content
  for split, numbers in PARTS.items()
  for path, content in folder(numbers, f'{split}/images', f'{split}/labels').items()
}
OF_ANOTHER_MACHINE = 'path: /home/me\ntrain: ../train/images\nval: ../valid/images\ntest: ../test/images\n'
BY_SCENES = {
  path: content
  for scene, numbers in (('monday', range(12)), ('tuesday', range(12, 24)), ('sunday', range(24, 30)))
  for path, content in folder(numbers, f'{scene}/images', f'{scene}/labels').items()
}
CLEAR = {
  'one list of names': (ONE, {}),
  'images without labels': ({**ONE, 'images/alone.jpg': b'', 'more/alone2.jpg': b''}, {}),
  'labels without an image': (
    {**ONE, **{f'labels/lost{n}.txt': label(n) for n in range(9)}, 'labels/lost1.psd': b'', 'notes.txt': 'Cats.'},
    {},
  ),
  'names of any system': (
    {
      **ONE,
      **dict.fromkeys(('images/Größe.JPG', 'images/f\udcfcr.jpg', 'images/y.jpg', 'images/décran.png'), b''),
      **dict.fromkeys(('labels/Größe.txt', 'labels/f\udcfcr.txt', 'labels/y.jpg.txt'), label(1)),
      'labels/d%C3%A9cran.txt': label(2),
    },
    {},
  ),
  'labels that cannot be read': ({**ONE, 'labels/003.txt': 'cat 1 2 3 4\n', 'labels/004.txt': '0 1 2\n'}, {}),
  'class numbers without a name': ({**PLAIN, 'classes.txt': 'cat\ndog\n'}, {}),
  'no list of names': (PLAIN, {}),
  'a list elsewhere': ({**PLAIN, 'meta/data.yaml': NAMES}, {}),
  'lists elsewhere that disagree': ({**PLAIN, 'a/data.yaml': NAMES, 'b/data.yaml': 'names: [dog, cat, cow]\n'}, {}),
  'a list that cannot be read': ({**PLAIN, 'labels/classes.txt': 'cat\n\ndog\n', 'data.yaml': NAMES}, {}),
  'lists that disagree': (
    {
      **BY_SCENES,
      'monday/data.yaml': NAMES,
      'tuesday/data.yaml': 'names: [dog, cat, bee]\n',
      'classes.txt': 'a\nb\nc\n',
    },
    {},
  ),
  'a list in another encoding': ({**PLAIN, 'classes.txt': 'größe\ndog\ncow\n'.encode('cp1252')}, {}),
  'a list that refers to another': ({**PLAIN, 'a.yaml': 'names: obj.names\n', 'obj.names': 'cat\ndog\ncow\n'}, {}),
  'folders of splits': ({**IN_SPLITS, 'data.yaml': NAMES}, {}),
  'folders that are declared': ({**IN_SPLITS, 'data.yaml': NAMES + OF_ANOTHER_MACHINE}, {}),
  'scenes that are declared': (
    {**BY_SCENES, 'data.yaml': NAMES + 'train: [monday, sunday/*.jpg]\nval: [tuesday/images]\n'},
    {},
  ),
  'declared folders that are not there': ({**ONE, 'data.yaml': NAMES + 'train: a\nval: b\n'}, {}),
  'declared folders with all in one split': ({**ONE, 'data.yaml': NAMES + 'train: images\nval: b\n'}, {}),
  'splits that are asked for': (
    {**BY_SCENES, 'data.yaml': NAMES + 'train: monday\nval: tuesday\ntest: sunday\n'},
    {'split': {'method': 'declared', 'keep_test': True}},
  ),
  'a format that is named': ({**ONE, 'images/003.xml': '<annotation/>', 'x.csv': 'a'}, {'data_format': 'yolo'}),
  'files of other kinds': ({**ONE, 'package.json': '{}', 'README.dataset.txt': 'Cats and dogs.'}, {}),
  'stratified': (ONE, {'split': {'method': 'stratified'}}),
}


@pytest.mark.parametrize(('files', 'settings'), CLEAR.values(), ids=CLEAR)
def test_workers_make_the_same_plan(tmp_path, files, settings):
  planned = spread_plans.assert_same(voc_maker.write(tmp_path / 'data', files), tmp_path / 'work', **settings)
  assert len(planned.shards) > 1
  if 'data.yaml' in files and ('/images' in files['data.yaml'] or 'monday' in files['data.yaml']):
    assert planned.split_method == 'declared'


LONGER = '0 0.5 0.5 0.2 0.2 0.9\n'
TANGLED = {
  'rows with more columns': {'labels/003.txt': LONGER},
  'two images of one stem': {'more/003.png': b''},
  'two label files of one stem': {'more/003.txt': label(3)},
  'folders that do not fit': {'a/x.jpg': b'', 'b/x.txt': label(1)},
  'a mask': {'images/003_mask.png': b''},
  'class numbers that are off by one': {
    f'labels/{n:03}.txt': f'{1 + n % 3} 0.5 0.5 0.2 0.2\n' for n in range(IMAGES)
  },
  'a list that is labels if there is an image': {'my_classes.txt': 'cat\n', 'images/my_classes.jpg': b''},
  'a list that refers to any text': {'a.yaml': 'names: any.txt\n', 'any.txt': 'cat\ndog\ncow\n'},
  'splits that a list declares': {'train.txt': 'images/003.jpg\n'},
  'a list that is declared': {'data.yaml': NAMES + 'train: lists/any.txt\nval: images\n'},
  'images that are declared': {'data.yaml': NAMES + 'train: [images/003.jpg]\nval: [images/004.jpg]\n'},
  'declared folders that differ in their case': {
    'data.yaml': NAMES + 'train: images\nval: IMAGES\n', 'IMAGES/x.jpg': b'', 'IMAGES/x.txt': label(1)
  },
  'annotations of another format': {'x.csv': 'filename,class,xmin,ymin,xmax,ymax\n003.jpg,cat,1,2,3,4\n'},
}  # fmt: skip


@pytest.mark.parametrize('more', TANGLED.values(), ids=TANGLED)
def test_what_one_part_does_not_tell_is_left_to_a_single_process(tmp_path, more):
  root = voc_maker.write(tmp_path / 'data', {**ONE, **more})
  assert spread_plans.spread(root, tmp_path / 'work') is None


@pytest.mark.parametrize('files', [{**BY_SCENES, 'data.yaml': NAMES + 'train: monday\nval: sunday\n'}, BY_SCENES])
def test_too_many_folders_are_left_to_a_single_process(tmp_path, monkeypatch, files):
  monkeypatch.setattr(spread_parts, 'MOST_FOLDERS', 2)
  assert spread_plans.spread(voc_maker.write(tmp_path / 'data', files), tmp_path / 'work') is None


def test_splits_that_are_asked_for_and_not_declared_are_an_error(tmp_path):
  with pytest.raises(DataError, match='data.yaml'):
    spread_plans.spread(voc_maker.write(tmp_path / 'data', ONE), tmp_path / 'work', split={'method': 'declared'})
