"""Walking a folder behind TensorFlow's file layer, with several requests at a time."""

import threading
import types

import pytest

from detection.base import file_tree, files
from detection.base.branches import Choice
from detection.base.errors import DataError
from detection.base.file_status import Status
from tests.support.walks import walked, walked_in_parts


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
  assert walked_in_parts(root) == (walked(root), 1)


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
