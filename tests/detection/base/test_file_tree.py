"""Walking a folder with several requests at a time: local ones, and those behind TensorFlow's file layer."""

import gc
import os
import threading
import types

import pytest

from detection.base import file_tree, files, local_walk
from detection.base.errors import DataError
from detection.base.file_status import Status
from detection.base.file_tree import Choice

ALL = Choice(folder=lambda name: name != 'junk', file=lambda name: None if name == 'junk' else name != 'bare')


def write(root, *paths):
  for path in paths:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(path)
  return str(root)


def walked(root, choice=ALL):
  found = list(file_tree.walk(root, choice))
  assert len(dict(found)) == len(found)
  return dict(found)


def test_what_is_chosen_is_found_with_its_status(tmp_path):
  root = write(tmp_path, 'a', 'deep/er/b', 'deep/bare', 'deep/junk', 'junk/c')
  found = walked(root)
  assert sorted(found) == ['a', 'deep/bare', 'deep/er/b']
  assert (found['deep/er/b'].size, found['deep/bare']) == (9, None)


def test_large_folders_are_found_whole(tmp_path, monkeypatch):
  monkeypatch.setattr(file_tree, '_PORTION', 4)
  monkeypatch.setattr(file_tree, '_BATCH', 2)
  names = [f'{folder}{number}' for folder in ('', 'left/', 'left/deep/', 'right/') for number in range(19)]
  assert sorted(walked(write(tmp_path, *names))) == sorted(names)


@pytest.mark.parametrize('link', ['0', 'z'])
def test_a_folder_is_walked_where_it_is_and_not_by_a_link_to_it(tmp_path, link):
  root = write(tmp_path / 'data', 'real/deep/a')
  (tmp_path / 'data' / link).symlink_to(tmp_path / 'data/real/deep')
  assert list(walked(root)) == ['real/deep/a']


def test_two_links_to_a_folder_outside_are_followed_once_and_a_circle_ends(tmp_path):
  write(tmp_path / 'outside', 'a', 'below/b')
  root = write(tmp_path / 'data', 'c')
  for name in ('y', 'x'):
    (tmp_path / 'data' / name).symlink_to(tmp_path / 'outside')
  (tmp_path / 'outside/back').symlink_to(tmp_path / 'data')
  (tmp_path / 'outside/sub').symlink_to(tmp_path / 'outside/below')
  assert sorted(walked(root)) == ['c', 'x/a', 'x/below/b']
  (tmp_path / 'data/w').symlink_to(tmp_path / 'outside/below')
  assert sorted(walked(root)) == ['c', 'w/b', 'x/a']


def test_slow_local_folders_are_listed_at_a_time(tmp_path, monkeypatch):
  both, portions = threading.Barrier(2, timeout=10), local_walk.portions

  def wait(folder, size):
    if os.path.basename(folder) in 'xy':
      both.wait()
    yield from portions(folder, size)

  monkeypatch.setattr(local_walk, 'portions', wait)
  monkeypatch.setattr(file_tree, '_QUICK', 0)  # a network mount
  assert sorted(walked(write(tmp_path, 'x/a', 'y/b'))) == ['x/a', 'y/b']


def test_names_that_were_walked_past_are_not_held(tmp_path, monkeypatch):
  monkeypatch.setattr(file_tree, '_BATCH', 4)
  monkeypatch.setattr(file_tree, '_PORTION', 8)
  found = file_tree.walk(write(tmp_path, *(f'{number}.jpg' for number in range(400))), ALL)
  for _ in range(300):
    next(found)
  gc.collect()
  assert sum(isinstance(thing, file_tree._Ask) for thing in gc.get_objects()) < 10
  assert len(list(found)) == 100


class Store:
  """A file layer of {path: size}; waits, and fails, where it is told to."""

  def __init__(self, sizes, waits_at=(), fails_at=()):
    self.sizes, self.waits_at, self.fails_at = sizes, waits_at, fails_at
    self.both = threading.Barrier(2, timeout=10)

  def _meet(self, path):
    if path in self.waits_at:
      self.both.wait()
    if path in self.fails_at:
      raise OSError('slow down')

  def listdir(self, uri):
    path = uri.removeprefix('gs://b').strip('/')
    self._meet(f'{path}/')
    below = [name.removeprefix(f'{path}/') for name in self.sizes if not path or name.startswith(f'{path}/')]
    return sorted({name.partition('/')[0] + name.partition('/')[1] for name in below})

  def stat(self, uri):
    path = uri.removeprefix('gs://b/')
    self._meet(path)
    return types.SimpleNamespace(length=self.sizes.get(path, 0), mtime_nsec=7, is_directory=path not in self.sizes)


SIZES = {'a': 1, 'x/b': 2, 'y/c': 3, 'junk/d': 4, 'x/bare': 5}


def test_a_remote_folder_is_walked_as_a_local_one(monkeypatch):
  store = Store(SIZES, waits_at=('x/', 'y/'))
  monkeypatch.setattr(files, 'gfile', lambda uri: store)
  for root in ('gs://b', 'gs://b/'):
    assert walked(root) == {'a': Status(1, '7'), 'x/b': Status(2, '7'), 'y/c': Status(3, '7'), 'x/bare': None}


def test_files_of_a_remote_folder_are_asked_for_at_a_time(monkeypatch):
  monkeypatch.setattr(file_tree, '_REMOTE_BATCH', 1)
  store = Store(SIZES, waits_at=('x/b', 'y/c'))
  monkeypatch.setattr(files, 'gfile', lambda uri: store)
  assert len(walked('gs://b')) == 4


@pytest.mark.parametrize('place', ['x/', 'x/b'])
def test_a_store_that_does_not_answer_ends_the_walk(monkeypatch, place):
  store = Store(SIZES, fails_at=(place,))
  monkeypatch.setattr(files, 'gfile', lambda uri: store)
  with pytest.raises(DataError, match=f'gs://b/{place.rstrip("/")}: its store does not answer: slow down. Try again'):
    walked('gs://b')


def test_a_folder_that_is_listed_but_not_found_ends_the_walk(monkeypatch):
  """Its listing may be refused; what is gone is no longer listed."""
  store = Store(SIZES)
  choice = Choice(folder=lambda name: True, file=lambda name: True if name in 'abc' else None)

  def stat(uri):
    if uri in ('gs://b/x', 'gs://b/gone'):
      raise FileNotFoundError
    return Store.stat(store, uri)

  monkeypatch.setattr(store, 'stat', stat)
  monkeypatch.setattr(files, 'gfile', lambda uri: store)
  monkeypatch.setattr(files, 'not_found', lambda uri: FileNotFoundError)
  with pytest.raises(DataError, match='gs://b/x: cannot be read, although it is there'):
    walked('gs://b', choice)
  lists = iter([['a', 'gone'], ['a']])
  monkeypatch.setattr(store, 'listdir', lambda uri: next(lists))
  assert list(walked('gs://b', choice)) == ['a']
