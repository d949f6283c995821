"""Workers plan a large folder of COCO files as one process does."""

import json

import pytest

from components.voc_example_gen.spread import spread_coco
from tests.support import spread_plans, voc_maker

IMAGES = 30
CATEGORIES = [{'id': 7, 'name': 'cat'}, {'id': 9, 'name': 'dog'}]


@pytest.fixture(autouse=True)
def small(monkeypatch):
  spread_plans.make_small(monkeypatch)


def boxes(image, count=2, first=0, **more):
  return [
    {'id': n, 'image_id': image, 'category_id': (7, 9)[n % 2], 'bbox': [n + 1, 2, 20, 20], **more}
    for n in range(first, first + count)
  ]


def document(numbers, name='{:03}.jpg', **sections):
  """A COCO file on some images, of which every fifth has no object."""
  images = [{'id': n + 1, 'file_name': name.format(n), 'width': 64, 'height': 48} for n in numbers]
  found = [box for n in numbers if n % 5 for box in boxes(n + 1)]
  return {'images': images, 'annotations': found, 'categories': CATEGORIES, **sections}


def pictures(numbers, name):
  return {name.format(n): b'' for n in numbers}


PLAIN = document(range(IMAGES))
ONE = {'annotations.json': PLAIN, **pictures(range(IMAGES), 'images/{:03}.jpg')}
TRAIN, EVAL = range(20), range(20, IMAGES)
IN_SPLITS = {
  'annotations/instances_train2017.json': document(TRAIN),
  'annotations/instances_val2017.json': document(EVAL),
  **pictures(TRAIN, 'train2017/{:03}.jpg'),
  **pictures(EVAL, 'val2017/{:03}.jpg'),
}
ROBOFLOW = {
  f'{split}/{name}': content
  for split in ('train', 'valid', 'test')
  for name, content in {'_annotations.coco.json': document(range(9)), **pictures(range(9), '{:03}.jpg')}.items()
}


def with_images(*images, entries=(), **sections):
  """The file on all images with more of them."""
  return {
    'annotations.json': {
      **PLAIN,
      'images': [*PLAIN['images'], *images],
      'annotations': [*entries, *PLAIN['annotations']],
      **sections,
    }
  }


NAMES = ['Größe.jpg', 'a\\b\\back.jpg', '/home/me/abs.jpg', 'd%C3%A9cran.jpg', 'other.png', 'f\udcfcr.jpg', ' x.jpg ']
ODD_BOXES = [
  *boxes(1, segmentation=[[1, 2, 30, 2, 30, 40]], iscrowd=1),
  *boxes(2, 1, bbox=[1, 2, 3]),
  *boxes(2, 1, bbox=[1, 2, 3, 4, 5]),
  *boxes(3, 1, bbox=None, segmentation=[[1, 2, 30, 2, 30, 40]]),
  *boxes(4, 1, attributes={'rotation': 30}),
  *boxes(5, 1, bbox=[10, 10, 40, 40], area=900),
  *boxes(6, 3, category_id=[1, 2]),
  *boxes(7, 3, category_id='unknown'),
  *boxes(8, 1, bbox=None, category_id='unknown'),
  *boxes(8, 1, bbox=[float('nan'), 1, 2, 3]),
]
CLEAR = {
  'one file': ({}, {}),
  'images without an entry': ({'images/alone.jpg': b'', 'more/alone2.jpg': b''}, {}),
  'entries without an image': (
    with_images(*({'id': 100 + n, 'file_name': f'lost{n % 3}{n}.jpg'} for n in range(9)), entries=boxes(103)),
    {},
  ),
  'names of any system': (
    {
      **with_images(*({'id': 100 + n, 'file_name': name} for n, name in enumerate(NAMES))),
      **dict.fromkeys(('Größe.jpg', 'b/back.jpg', 'abs.jpg', 'décran.jpg', 'other.jpg', 'f\udcfcr.jpg', 'x.jpg'), b''),
    },
    {},
  ),
  'boxes of all kinds': (with_images(entries=ODD_BOXES), {}),
  'a category with two names': (with_images(categories=[*CATEGORIES, {'id': 9, 'name': 'hound'}]), {}),
  'an image listed once an object': (with_images(*({**image, 'width': 99} for image in PLAIN['images'][:9])), {}),
  'two ids of one name': (
    with_images({'id': 100, 'file_name': '003.jpg'}, {'id': 101, 'file_name': '004.JPG'}, entries=boxes(100, first=3)),
    {},
  ),
  'ids that are words and fractions': (
    {
      'annotations.json': {
        'images': [{'id': identity, 'file_name': f'{n:03}.jpg'} for n, identity in enumerate(('a', '1', 2.0, 2.5))],
        'annotations': [*boxes('a'), *boxes(1.0), *boxes('2'), *boxes(2.5)],
        'categories': CATEGORIES,
      },
    },
    {},
  ),
  'annotations first': ({'annotations.json': dict(reversed(PLAIN.items()))}, {}),
  'no annotations': ({'annotations.json': {**PLAIN, 'annotations': []}}, {}),
  'a second file that says the same': ({'again.json': document(range(12))}, {}),
  'a second file that says otherwise': ({'again.json': document(range(3), annotations=boxes(1, 1, 5))}, {}),
  'files of other tasks': (
    {
      'captions.json': document(range(4), annotations=[{'image_id': 1, 'caption': 'A cat.'}]),
      'a_stuff.json': document(range(4)),
      'image_info_test2017.json': document(range(30, 34), annotations=[]),
      'package.json': '{}',
      'list.json': '[1]',
      'broken.json': '{"images": ',
      'short.json': json.dumps(PLAIN)[:-9],
      'README.txt': 'Cats.',
    },
    {},
  ),
  'a test set without objects': ({'instances_test.json': document(range(4), annotations=[])}, {}),
  'a format that is named': ({'images/003.xml': '<annotation/>'}, {'data_format': 'coco'}),
  'lists of images': ({'train.txt': 'images/000.jpg\n003.jpg\n', 'val.txt': '002.jpg\n'}, {}),
  'texts that are no labels': ({'notes.txt': 'cats, dogs', 'images/003.txt': '', 'alone.txt': ''}, {}),
  'labels of a format that is not named': ({'images/003.txt': '0 0.5 0.5 0.1 0.1\n'}, {'data_format': 'coco'}),
  'splits that are declared for folders of another machine': (
    {'data.yaml': 'train: /home/me/images\nval: b\nnames: [cat]\n', 'b/100.jpg': b''},
    {},
  ),
  'stratified': ({}, {'split': {'method': 'stratified'}}),
}


@pytest.mark.parametrize(('more', 'settings'), CLEAR.values(), ids=CLEAR)
def test_workers_make_the_same_plan(tmp_path, more, settings):
  root = write(tmp_path / 'data', {**ONE, **more})
  spread_plans.assert_same(root, tmp_path / 'work', **settings)


SPLIT = {
  'files named for splits': (IN_SPLITS, {}),
  'folders of splits with equal names': (ROBOFLOW, {}),
  'a test set that is kept': (ROBOFLOW, {'split': {'method': 'folders', 'keep_test': True}}),
  'a test set that takes the place of validation': (
    {path: content for path, content in ROBOFLOW.items() if not path.startswith('valid')},
    {},
  ),
  'lists': (
    {
      **ONE,
      'ImageSets/Main/train.txt': ''.join(f'{n:03}\n' for n in TRAIN),
      'ImageSets/Main/val.txt': ''.join(f'{n:03}\n' for n in EVAL),
    },
    {'split': {'method': 'imagesets'}},
  ),
}


@pytest.mark.parametrize(('files', 'settings'), SPLIT.values(), ids=SPLIT)
def test_images_are_in_the_same_splits(tmp_path, files, settings):
  planned = spread_plans.assert_same(write(tmp_path / 'data', files), tmp_path / 'work', **settings)
  assert len({shard.split for shard in planned.shards}) > 1
  assert len(planned.shards) > 3


def write(root, files):
  """Writes files; what is no text or bytes becomes JSON."""
  return voc_maker.write(
    root, {path: json.dumps(found) if isinstance(found, dict) else found for path, found in files.items()}
  )


TANGLED = {
  'an annotation of an image that is not listed': with_images(entries=boxes(999)),
  'an annotation of no image': with_images(entries=boxes(None)),
  'an annotation that is none': with_images(entries=[3]),
  'an image without an id': with_images({'file_name': '003.jpg'}),
  'two images of one id': with_images({'id': 4, 'file_name': '004.jpg'}),
  'categories that are off by one': with_images(categories=[{'id': n, 'name': f'{n}'} for n in (6, 7, 8)]),
  'a section that is there twice': {'annotations.json': json.dumps(PLAIN)[:-1] + ', "images": []}'},
  'a name with an unknown ending': with_images({'id': 99, 'file_name': 'v1.5'}),
  'a name that may mean two images': with_images({'id': 99, 'file_name': 'a%2Fb.jpg'}),
  'an image whose name begins with a space': {'images/ 7.jpg': b''},
  'a folder of masks': {'masks/003.png': b''},
  'a mask beside its image': {'images/003_mask.png': b''},
  'a picture of the same name': {'more/003.png': b''},
  'a name that is of another split': {'instances_val.json': document([30]), 'train/030.jpg': b'', 'val/031.jpg': b''},
  'an image in two splits': {'train.json': document([1]), 'val.json': document([1])},
  'annotations of another format': {'images/003.xml': voc_maker.voc(voc_maker.thing())},
  'labels of another format': {'images/003.txt': '0 0.5 0.5 0.1 0.1\n'},
  'no file of this format': {'annotations.json': '{}'},
  'splits that a list declares': {'data.yaml': 'train: lists/a.txt\nval: b\nnames: [cat]\n'},
  'masks that entries name too': {
    **with_images({'id': 100, 'file_name': '003.png'}, entries=boxes(100)),
    'masks/003.png': b'',
  },
  'more texts without a line than images': {f'labels/{n}.txt': '' for n in range(IMAGES)},
}


@pytest.mark.parametrize('more', TANGLED.values(), ids=TANGLED)
def test_what_one_part_does_not_tell_is_left_to_a_single_process(tmp_path, more):
  root = write(tmp_path / 'data', {**ONE, **more})
  assert spread_plans.spread(root, tmp_path / 'work') is None


def test_a_large_file_that_breaks_off_is_not_read_whole_to_say_so(tmp_path, monkeypatch):
  monkeypatch.setattr(spread_coco, '_SMALL', 8)
  root = write(tmp_path / 'data', {**ONE, 'broken.json': '{"a": 1,         '})
  assert spread_plans.spread(root, tmp_path / 'work') is None
