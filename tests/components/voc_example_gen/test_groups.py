"""Images that must not be parted: copies of one image, and groups by file name."""

import pytest

from components.voc_example_gen import groups
from components.voc_example_gen.dataset_index import Item
from tests.support.named_images import assign_names, names


def test_groups_that_share_a_copy_become_one():
  items = [Item(name) for name in ('a_1.jpg', 'a_2.jpg', 'b_1.jpg', 'c_1.jpg')]
  digests = {'a_1.jpg': '1', 'a_2.jpg': '2', 'b_1.jpg': '2', 'c_1.jpg': '3'}
  found = groups.by_content_and_name(items, digests, r'^(\w)_')
  assert [[item.image for item in group] for group in found.values()] == [
    ['a_1.jpg', 'a_2.jpg', 'b_1.jpg'],
    ['c_1.jpg'],
  ]


def test_a_position_depends_on_key_and_seed_alone():
  assert groups.position(0, 'content:a') == groups.position(0, 'content:a')
  assert groups.position(0, 'content:a') != groups.position(1, 'content:a')
  assert all(0 <= groups.position(7, name) < 1 for name in names(100))


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
def test_identical_images_are_never_in_two_splits(method):
  digests = {name: str(n % 40) for n, name in enumerate(names(200))}
  split_of = assign_names(digests, dict.fromkeys(digests, {'cat'}), digests, method=method).split_of
  places = {}
  for name, split in split_of.items():
    places.setdefault(digests[name], set()).add(split)
  assert len(split_of) == 200
  assert all(len(found) == 1 for found in places.values())


def test_groups_keep_what_dividing_needs_of_their_images():
  images = [('one', ['cat', 'dog']), ('two', ['cat']), ('one', ['dog']), ('none', []), ('three', ['cat'])]
  found = groups.Groups(images, seed=5)
  kinds = {key: found.of_kind[found.kinds[found.find(key)]] for key in ('one', 'two', 'three', 'none')}
  assert kinds['one'] == groups.Kind(2, {'cat': 1, 'dog': 2})
  assert kinds['two'] == kinds['three'] == groups.Kind(1, {'cat': 1})
  assert kinds['none'] == groups.Kind(1, {})
  assert list(found.positions) == sorted(groups.position(5, key) for key in kinds)
