"""Workers plan a large folder of label files as one process does."""

import math
from collections import Counter

import pytest

from components.voc_example_gen import yolo_rows
from components.voc_example_gen.splits import imagesets
from components.voc_example_gen.spread import spread_lists, spread_parts, spread_yolo
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


def lines(numbers, form='./images/{:03}.jpg', end='\n'):
  return ''.join(form.format(n) + end for n in numbers)


OF_ULTRALYTICS = {
  'data.yaml': NAMES + 'path: ../datasets/coco\ntrain: train2017.txt\nval: val2017.txt\ntest: test-dev2017.txt\n',
  'train2017.txt': lines(range(15)),
  'val2017.txt': lines(range(15, 24)),
  'test-dev2017.txt': lines(range(24, 30)),
}
LISTED = {
  'lists that data.yaml declares': (OF_ULTRALYTICS, {'train': 15, 'eval': 9}),
  'a test set that is kept': (OF_ULTRALYTICS, {'train': 15, 'eval': 9, 'test': 6}),
  'lists of darknet': (
    {
      'obj.names': 'cat\ndog\ncow\n',
      'data/obj.data': 'train = data/train.txt\nvalid = data/test.txt\nnames = data/obj.names\n',
      'data/train.txt': lines(range(20), 'C:\\data\\obj\\images\\{:03}.jpg', '\r\n'),
      'data/test.txt': lines(range(20, 30), 'data/obj/{:03}.JPG'),
    },
    {'train': 20, 'eval': 10},
  ),
  'lists alone': (
    {'train.txt': '\ufeff"images/000.jpg"\n' + lines(range(9)), 'lists/val.txt': lines(range(9, 30), '{:03}.jpg')},
    {'train': 9, 'eval': 21},
  ),
  'images in several lists, and lines that name none': (
    {
      'train.txt': lines(range(30)) + '\nnothing\nlost.jpg\nx\u2028y.jpg\n',
      'val.txt': lines(range(5)),
      'test.txt': lines(range(9)),
    },
    {'train': 21, 'eval': 5},
  ),
  'declared lists that do not divide, beside lists that do': (
    {
      'data.yaml': NAMES + 'train: a/train.txt\n',
      'a/train.txt': lines(range(9)),
      'train.txt': lines(range(20)),
      'val.txt': lines(range(20, 30)),
    },
    {'train': 20, 'eval': 10},
  ),
  'declared lists that divide, beside lists that divide otherwise': (
    {
      'data.yaml': NAMES + 'train: ImageSets/one.txt\nval: ImageSets/two.txt\n',
      'ImageSets/one.txt': lines(range(12)),
      'ImageSets/two.txt': lines(range(12, 30)),
      'train.txt': lines(range(20)),
      'val.txt': lines(range(20, 30)),
    },
    {'train': 12, 'eval': 18},
  ),
  'a declared list that does not divide, and no other': (
    {'data.yaml': NAMES + 'train: ImageSets/one.txt\n', 'ImageSets/one.txt': lines(range(12))},
    {'': 30},
  ),
  'lists that do not divide': ({'train.txt': lines(range(9)).encode() + b'f\xfc.jpg'}, {'': 30}),
}


@pytest.mark.parametrize('name', LISTED)
def test_lists_of_images_are_taken_in_parts(tmp_path, monkeypatch, name):
  monkeypatch.setattr(spread_lists, '_BLOCK', 50)
  monkeypatch.setattr(spread_lists, '_RUN', 4)
  files, images = LISTED[name]
  split = {'keep_test': name == 'a test set that is kept'}
  root = voc_maker.write(tmp_path / 'data', {**PLAIN, 'classes.txt': 'cat\ndog\ncow\n', **files})
  planned = spread_plans.assert_same(root, tmp_path / 'work', split=split)
  found = Counter()
  for shard in planned.shards:
    found[shard.split] += len(shard.tasks)
  assert found == images


def test_a_list_that_is_too_large_to_be_read_is_one_without_lines(tmp_path, monkeypatch):
  monkeypatch.setattr(imagesets, 'MAX_BYTES', 60)
  monkeypatch.setattr(spread_lists, '_BLOCK', 50)
  files = {'train.txt': lines(range(20)), 'val.txt': lines(range(2)), 'test.txt': lines(range(2, 4))}
  planned = spread_plans.assert_same(voc_maker.write(tmp_path / 'data', {**ONE, **files}), tmp_path / 'work')
  assert planned.split_method == 'hash'


def with_rows(rows, numbers=range(IMAGES)):
  """Label files in which some have these rows too; the first of them is in a file that comes late."""
  return {f'labels/{n:03}.txt': label(n) + '\n'.join(rows(n)) for n in reversed(numbers)}


def ring(points, x, y):
  angles = [2 * math.pi * n / points for n in range(points)]
  return ' '.join(f'{x + 0.1 * math.cos(a):.4f} {y + 0.1 * math.sin(a):.4f}' for a in angles)


BOX = '0 0.5 0.5 0.25 0.25'
KEYPOINTS = ' 0.5 0.5 2 0.45 0.55 1'
LONGER = {
  'confidences': with_rows(lambda n: [f'{BOX} 0.{n + 1}'], range(3, 20)),
  'confidences and tracks': with_rows(lambda n: [f'{BOX} 0.{n + 1} {n}']),
  'polygons': with_rows(lambda n: [f'{n % 3} {ring(3 + n % 7, 0.4, 0.6)}'] if n % 2 else []),
  'keypoints that are declared': {**with_rows(lambda n: [BOX + KEYPOINTS]), 'data.yaml': NAMES + 'kpt_shape: [2, 3]\n'},
  'keypoints that are declared for some': {
    **with_rows(lambda n: [BOX + KEYPOINTS] if n % 4 else []),
    **{f'a/labels/a{n}.txt': BOX + KEYPOINTS for n in range(3)},
    **{f'a/images/a{n}.jpg': b'' for n in range(3)},
    'a/data.yaml': 'kpt_shape: [2, 3]\n',
  },
  'rows that may be several things': with_rows(lambda n: [] if n % 3 else [f'{BOX} -{n + 2}.5']),
  'rows of which the first decide': with_rows(lambda n: [f'{BOX} {0.5 if n < 8 else -1.5}'] if n % 2 else []),
  'two lists of names': {
    **with_rows(lambda n: [f'{BOX} 0.5']),
    **{f'a/labels/a{n}.txt': f'{n % 2} {ring(n + 3, 0.4, 0.6)}' for n in range(6)},
    **{f'a/images/a{n}.jpg': b'' for n in range(6)},
    'a/classes.txt': 'cat\ndog\n',
  },
}


@pytest.mark.parametrize('more', LONGER.values(), ids=LONGER)
@pytest.mark.parametrize('sample', [3, 50])
def test_rows_with_more_columns_mean_the_same(tmp_path, monkeypatch, more, sample):
  monkeypatch.setattr(yolo_rows, '_SAMPLE', sample)
  planned = spread_plans.assert_same(voc_maker.write(tmp_path / 'data', {**ONE, **more}), tmp_path / 'work')
  assert len(planned.shards) > 1


def test_what_decides_is_the_same_when_the_stage_begins_again(tmp_path):
  root = voc_maker.write(tmp_path / 'data', {**ONE, **LONGER['confidences']})
  reading = spread_plans.first_stage(root, tmp_path / 'work')()
  joining = reading.then()
  spread_plans.run_here(joining.jobs)
  assert not reading.jobs
  assert joining.jobs
  begun = joining.then()
  decided = (tmp_path / 'work/columns.work').read_bytes()
  spread_plans.run_here(begun.jobs[::2])
  assert joining.then() == begun
  assert (tmp_path / 'work/columns.work').read_bytes() == decided


def test_rows_that_decide_and_are_too_many_to_be_held_are_left_to_a_single_process(tmp_path, monkeypatch):
  monkeypatch.setattr(spread_yolo, '_MOST_NUMBERS', 100)
  assert (
    spread_plans.spread(voc_maker.write(tmp_path / 'data', {**ONE, **LONGER['polygons']}), tmp_path / 'work') is None
  )


TANGLED = {
  'two images of one stem': {'more/003.png': b''},
  'two label files of one stem': {'more/003.txt': label(3)},
  'folders that do not fit': {'a/x.jpg': b'', 'b/x.txt': label(1)},
  'a mask': {'images/003_mask.png': b''},
  'class numbers that are off by one': {
    f'labels/{n:03}.txt': f'{1 + n % 3} 0.5 0.5 0.2 0.2\n' for n in range(IMAGES)
  },
  'a list that is labels if there is an image': {'my_classes.txt': 'cat\n', 'images/my_classes.jpg': b''},
  'a list that refers to any text': {'a.yaml': 'names: any.txt\n', 'any.txt': 'cat\ndog\ncow\n'},
  'a list and a folder that are declared': {'data.yaml': NAMES + 'train: train.txt\nval: images\n', 'train.txt': ''},
  'a list that is declared and is called like labels': {
    'data.yaml': NAMES + 'train: any.txt\nval: val.txt\n', 'any.txt': 'images/003.jpg\n', 'val.txt': 'images/004.jpg\n'
  },
  'a list that is declared and is not there': {'data.yaml': NAMES + 'train: train.txt\n'},
  'lists whose names differ in their case': {'train.txt': 'images/003.jpg\n', 'TRAIN.txt': 'images/004.jpg\n'},
  'lists of images whose names begin with a space': {
    'train.txt': ' 3.jpg\n', 'images/ 3.jpg': b'', 'labels/ 3.txt': label(3)
  },
  'a list that is one long line': {'train.txt': 'x' * 500},
  'images that are declared': {'data.yaml': NAMES + 'train: [images/003.jpg]\nval: [images/004.jpg]\n'},
  'declared folders that differ in their case': {
    'data.yaml': NAMES + 'train: images\nval: IMAGES\n', 'IMAGES/x.jpg': b'', 'IMAGES/x.txt': label(1)
  },
  'annotations of another format': {'x.csv': 'filename,class,xmin,ymin,xmax,ymax\n003.jpg,cat,1,2,3,4\n'},
}  # fmt: skip


@pytest.mark.parametrize('more', TANGLED.values(), ids=TANGLED)
def test_what_one_part_does_not_tell_is_left_to_a_single_process(tmp_path, monkeypatch, more):
  monkeypatch.setattr(spread_lists, '_LONGEST', 300)
  root = voc_maker.write(tmp_path / 'data', {**ONE, **more})
  assert spread_plans.spread(root, tmp_path / 'work') is None


@pytest.mark.parametrize('files', [{**BY_SCENES, 'data.yaml': NAMES + 'train: monday\nval: sunday\n'}, BY_SCENES])
def test_too_many_folders_are_left_to_a_single_process(tmp_path, monkeypatch, files):
  monkeypatch.setattr(spread_parts, 'MOST_FOLDERS', 2)
  assert spread_plans.spread(voc_maker.write(tmp_path / 'data', files), tmp_path / 'work') is None


def test_splits_that_are_asked_for_and_not_declared_are_an_error(tmp_path):
  with pytest.raises(DataError, match='data.yaml'):
    spread_plans.spread(voc_maker.write(tmp_path / 'data', ONE), tmp_path / 'work', split={'method': 'declared'})
