"""Which image goes where: stable, stratified, grouped, and never twice."""

import random
from collections import Counter

import pytest

from components.voc_example_gen import assign, listing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.report import lookalikes
from components.voc_example_gen.settings import SplitSettings
from components.voc_example_gen.splits import imagesets, stratified
from detection.base.errors import DataError
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc


def assign_names(names, labels=None, digests=None, **settings):
  """Splits of images that exist by name only."""
  items = [Item(name) for name in names]
  digests = digests or {name: f'digest of {name}' for name in names}
  method = {'method': 'hash', **settings}
  tree = listing.Tree('root', ())
  return assign.assign(
    items, digests, SplitSettings(**method), tree, lambda item: frozenset((labels or {})[item.image])
  )


def names(count):
  return [f'{number:05}.jpg' for number in range(count)]


def test_hash_gives_about_the_asked_share():
  shares = Counter(assign_names(names(5000), eval_fraction=0.2, test_fraction=0.1).split_of.values())
  assert shares['eval'] / 5000 == pytest.approx(0.2, abs=0.02)
  assert shares['test'] / 5000 == pytest.approx(0.1, abs=0.015)


def test_adding_images_never_moves_an_old_one():
  before = assign_names(names(300)).split_of
  after = assign_names(names(400)).split_of
  assert {name: after[name] for name in before} == before


def test_renaming_an_image_does_not_move_it():
  digests = {name: str(n) for n, name in enumerate(names(50))}
  renamed = {f'x/{name}': digest for name, digest in digests.items()}
  before = assign_names(digests, digests=digests).split_of
  after = assign_names(renamed, digests=renamed).split_of
  assert {f'x/{name}': split for name, split in before.items()} == after


def test_another_seed_divides_differently():
  assert assign_names(names(100), seed=0).split_of != assign_names(names(100), seed=1).split_of


@pytest.mark.parametrize('count', [2, 3, 5])
def test_so_few_images_still_fill_both_splits(count):
  for seed in range(20):
    assert set(assign_names(names(count), seed=seed).split_of.values()) == {'train', 'eval'}


@pytest.mark.parametrize('method', ['hash', 'stratified'])
def test_groups_stay_together(method):
  frames = [f'scene{scene:02}_frame{frame}.jpg' for scene in range(30) for frame in range(10)]
  labels = dict.fromkeys(frames, {'cat'})
  split_of = assign_names(frames, labels, method=method, group_by=r'^(scene\d+)_').split_of
  by_scene = {frame[:7]: set() for frame in frames}
  for frame, split in split_of.items():
    by_scene[frame[:7]].add(split)
  assert all(len(found) == 1 for found in by_scene.values())
  assert set(split_of.values()) == {'train', 'eval'}


def test_images_outside_all_groups_are_not_one_group():
  assert set(assign_names(names(50), group_by=r'^(scene)?').split_of.values()) == {'train', 'eval'}


@pytest.mark.parametrize('method', ['hash', 'stratified'])
def test_identical_images_never_stand_in_two_splits(method):
  digests = {name: str(n % 40) for n, name in enumerate(names(200))}
  split_of = assign_names(digests, dict.fromkeys(digests, {'cat'}), digests, method=method).split_of
  places = {}
  for name, split in split_of.items():
    places.setdefault(digests[name], set()).add(split)
  assert len(split_of) == 200
  assert all(len(found) == 1 for found in places.values())


def test_copies_in_train_leave_where_the_folder_gives_the_splits():
  files = ['train/a.jpg', 'train/b.jpg', 'test/c.jpg', 'valid/d.jpg']
  digests = {'train/a.jpg': '1', 'train/b.jpg': '2', 'test/c.jpg': '3', 'valid/d.jpg': '1'}
  result = assign_names(files, digests=digests, method='folders', keep_test=True)
  assert result.split_of == {'train/b.jpg': 'train', 'test/c.jpg': 'test', 'valid/d.jpg': 'eval'}
  assert [(r.path, r.reason.value) for r in result.left_out] == [('train/a.jpg', 'copy_in_other_split')]


def test_images_that_are_all_the_same_cannot_be_divided():
  with pytest.raises(DataError, match='at least two different annotated images'):
    assign_names(names(10), digests=dict.fromkeys(names(10), 'same'))


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


def test_a_train_folder_alone_is_divided_by_hash():
  assert assign_names([f'train/{name}' for name in names(50)], method='auto').method == 'hash'


@pytest.mark.parametrize('method', ['folders', 'imagesets'])
def test_a_method_that_does_not_fit_the_folder_says_so(method):
  with pytest.raises(DataError, match=f'data.split.method {method}: expected'):
    assign_names(names(5), method=method)


LISTS = {
  'stems': {'train.txt': 'a\nb\n', 'val.txt': 'c\n'},
  'file names': {'train.txt': 'a.jpg\nb.jpg\n', 'val.txt': 'c.jpg\n'},
  'paths': {'train.txt': './JPEGImages/a.jpg\nJPEGImages/b.jpg\n', 'val.txt': 'JPEGImages\\c.jpg'},
  'flags, Windows lines and a byte order mark': {'train.txt': '\ufeffa  1\r\nb -1\r\n', 'val.txt': 'c 0\r\n'},
  'trainval stands in for train': {'trainval.txt': 'a\nb\n', 'test.txt': 'c\n'},
  'test stands in for val': {'train.txt': 'a\nb\n', 'test.txt': 'c\n'},
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


def skewed(seed, images=600):
  """Class sets as in real data: a few frequent classes, many rare ones, several in an image."""
  rng = random.Random(seed)
  frequency = {f'class-{n:02}': 0.6 / (n + 1) for n in range(25)}
  drawn = [frozenset(label for label, share in frequency.items() if rng.random() < share) for _ in range(images)]
  return {f'{n:04}': labels or frozenset({'class-00'}) for n, labels in enumerate(drawn)}


def largest_deviation(labels, split_of, share):
  """Largest distance of any class's share of eval from the one asked, over classes in at least 4 images."""
  total, held_out = Counter(), Counter()
  for key, found in labels.items():
    total.update(found)
    if split_of[key] == 'eval':
      held_out.update(found)
  return max(abs(held_out[label] / count - share) for label, count in total.items() if count >= 4)


def test_stratified_keeps_every_class_three_times_nearer_its_share_than_chance():
  balanced, by_chance = [], []
  for seed in range(5):
    labels = skewed(seed)
    split_of, _ = stratified.stratify({key: [found] for key, found in labels.items()}, {'train': 0.8, 'eval': 0.2})
    rng = random.Random(seed)
    chance = {key: 'eval' if rng.random() < 0.2 else 'train' for key in labels}
    balanced.append(largest_deviation(labels, split_of, 0.2))
    by_chance.append(largest_deviation(labels, chance, 0.2))
    assert Counter(split_of.values())['eval'] / len(labels) == pytest.approx(0.2, abs=0.02)
  assert 3 * sum(balanced) <= sum(by_chance), (balanced, by_chance)


def test_rare_classes_stand_in_both_splits():
  labels = {f'{n}': [frozenset({'common'} | ({'rare'} if n < 2 else set()))] for n in range(100)}
  split_of, alone = stratified.stratify(labels, {'train': 0.8, 'eval': 0.2})
  assert {split_of['0'], split_of['1']} == {'train', 'eval'}
  assert alone == []


def test_a_class_with_one_image_goes_to_train_and_is_reported():
  labels = dict.fromkeys(names(20), {'cat'}) | {'00007.jpg': {'cat', 'okapi'}}
  result = assign_names(names(20), labels, method='stratified')
  assert result.split_of['00007.jpg'] == 'train'
  assert [warning for warning in result.warnings if '"okapi"' in warning]


def test_stratified_reads_the_classes_from_the_annotations(tmp_path):
  planned, outcomes, _ = voc_maker.examine(
    voc_maker.devkit(tmp_path, 20), split={'method': 'stratified', 'eval_fraction': 0.5}
  )
  found = Counter((outcome.split, outcome.objects[0][0]) for outcome in outcomes.values())
  assert found == {('train', 'cat'): 5, ('train', 'dog'): 5, ('eval', 'cat'): 5, ('eval', 'dog'): 5}


def test_lookalikes_are_found_across_splits_only():
  base = 0x0123456789ABCDEF
  thumbs = [('a', 'train', base), ('b', 'eval', base ^ 0b111), ('c', 'eval', base ^ 0b1111), ('d', 'train', base)]
  thumbs += [('e', 'eval', base ^ (1 << 63 | 1 << 30 | 1))]
  assert [(pair.image, pair.twin, pair.distance) for pair in lookalikes.across_splits(thumbs)] == [
    ('b', 'a', 3),
    ('e', 'a', 3),
  ]


def test_every_pair_within_the_distance_is_found():
  rng = random.Random(0)
  for _ in range(200):
    thumb = rng.getrandbits(64)
    near = thumb
    for bit in rng.sample(range(64), 3):
      near ^= 1 << bit
    assert lookalikes.across_splits([('a', 'train', thumb), ('b', 'eval', near)])
