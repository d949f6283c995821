"""Listing S3 with several requests at a time: the same names, each once, however a folder is divided."""

import functools
import random
import threading
import time

import pytest

from detection.base import file_tree, files, s3, s3_listing
from detection.base.branches import Choice
from detection.base.errors import DataError
from tests.support.walks import walked_in_parts

PAGE = 5


class Store:
  """Pages of a folder that has these names; a name with a slash is a folder with one file."""

  def __init__(self, names, key=lambda name: name, ignores_start=False):
    self.names, self.key, self.ignores_start = sorted(names, key=key), key, ignores_start
    self.asked, self.at_once, self.most_at_once, self.lock = 0, 0, 0, threading.Lock()
    self.meet = lambda: None

  def page(self, uri, token='', after='', most=None):
    with self.lock:
      self.asked += 1
      self.at_once += 1
      self.most_at_once = max(self.most_at_once, self.at_once)
    self.meet()
    with self.lock:
      self.at_once -= 1
    inside = uri.removeprefix('s3://b/')
    if inside:
      return s3.Page([], [('inside', 1, 'e')], '')
    start = '' if self.ignores_start else after
    left = [name for name in self.names if not (token or start) or self.key(name) > self.key(token or start)]
    page = left[: most or PAGE]
    folders = [name.rstrip('/') for name in page if name.endswith('/')]
    files = [(name, len(name), f'e{name}') for name in page if not name.endswith('/')]
    return s3.Page(folders, files, page[-1] if len(page) < len(left) else '')


def listed(monkeypatch, store):
  monkeypatch.setattr(s3, 'page', store.page)
  found = list(s3_listing.walk('s3://b', lambda name: True, lambda name: True))
  assert len(dict(found)) == len(found)
  return found


def in_parts(monkeypatch, store, count):
  """What walks of all parts find together, in order of path."""
  monkeypatch.setattr(s3, 'page', store.page)
  monkeypatch.setattr(files, 'tensorflow_opens', lambda uri: False)
  monkeypatch.setattr(file_tree, '_FILES_TO_DIVIDE', count)
  return sorted(walked_in_parts('s3://b', Choice(folder=lambda name: True, file=lambda name: True))[0])


def expected(names):
  return sorted(name + 'inside' if name.endswith('/') else name for name in names)


NUMBERS = [f'{number:07}.jpg' for number in range(2000)]
FRAMES = [f'a_camera_with_a_long_name_frame{number:06}.jpg' for number in range(500)]
RANDOM = random.Random(0)
MIXED = {''.join(RANDOM.choices('ab01.-é日', k=RANDOM.randint(1, 6))) for _ in range(500)}


SHAPES = pytest.mark.parametrize(
  'names',
  [
    pytest.param([], id='none'),
    pytest.param(NUMBERS[:4], id='one page'),
    pytest.param(NUMBERS, id='numbers'),
    pytest.param(FRAMES, id='long names that begin alike'),
    pytest.param([f'{n:x}' for n in range(0, 16**6, 16**6 // 700)], id='of many lengths'),
    pytest.param(MIXED, id='of other alphabets'),
    pytest.param([*NUMBERS[:300], *(f'{n:03}/' for n in range(300))], id='as many folders as files'),
    pytest.param([*NUMBERS, *(f'{n:07}/' for n in range(0, 2000, 23))], id='some folders among files'),
  ],
)


@SHAPES
def test_each_name_is_found_once(monkeypatch, names):
  found = listed(monkeypatch, Store(names))
  assert sorted(path for path, _ in found) == expected(names)
  assert all(status == (len(path), f'e{path}', True, False) for path, status in found if '/' not in path)


@SHAPES
@pytest.mark.parametrize('count', [0, 7, 60, 500])
def test_parts_are_the_whole_together(monkeypatch, names, count):
  assert in_parts(monkeypatch, Store(names), count) == expected(names)


@pytest.mark.parametrize('ignores_start', [True, False])
def test_parts_of_a_store_without_order_are_the_whole_together(monkeypatch, ignores_start):
  store = Store([*NUMBERS[:500], 'a/', 'b/'], key=lambda name: name[::-1], ignores_start=ignores_start)
  assert in_parts(monkeypatch, store, 100) == expected(store.names)


def test_folders_that_come_in_another_order_are_in_one_part(monkeypatch):
  names = [*NUMBERS[:200], *(f'{number:07}/' for number in range(150, 350))]
  assert in_parts(monkeypatch, Store(names, key=lambda name: name.rstrip('/')), 60) == expected(names)


@pytest.mark.parametrize('names', [NUMBERS, FRAMES], ids=['numbers', 'long names'])
def test_many_names_are_in_many_parts(monkeypatch, names):
  monkeypatch.setattr(s3, 'page', Store(names).page)
  choice = (lambda name: True, lambda name: True)
  sizes = [len(list(s3_listing.walk('s3://b', *choice, [one]))) for one in s3_listing.divide('s3://b', *choice, 250)]
  assert sum(sizes) == len(names)
  assert len(sizes) >= 5  # how many depends on which answer comes first: 7 to 17 were seen
  assert max(sizes) < len(names) / 3


@pytest.mark.parametrize('names', [NUMBERS, FRAMES], ids=['numbers', 'long names'])
def test_a_folder_of_many_pages_is_listed_in_several_places_at_a_time(monkeypatch, names):
  store = Store(names)
  store.meet = functools.partial(time.sleep, 0.002)
  listed(monkeypatch, store)
  assert store.most_at_once >= 5
  assert store.asked < 2.5 * len(names) / PAGE


def test_a_store_that_lists_from_the_start_whatever_it_is_asked_is_listed_page_by_page(monkeypatch):
  store = Store(NUMBERS, ignores_start=True)
  assert sorted(path for path, _ in listed(monkeypatch, store)) == NUMBERS
  assert store.asked < 420


def test_a_store_without_order_is_listed_page_by_page(monkeypatch):
  store = Store(NUMBERS, key=lambda name: name[::-1])
  assert sorted(path for path, _ in listed(monkeypatch, store)) == NUMBERS
  assert store.asked == 400


def test_a_store_whose_folders_come_in_another_order_gives_each_once(monkeypatch):
  names = [*NUMBERS[:200], *(f'{number:07}/' for number in range(150, 350))]
  found = listed(monkeypatch, Store(names, key=lambda name: name.rstrip('/')))
  assert sorted(path for path, _ in found) == expected(names)


def test_a_store_that_does_not_answer_ends_the_walk(monkeypatch):
  store = Store(NUMBERS)

  def meet():
    if store.asked > 50:
      raise OSError('Please reduce your request rate.')

  store.meet = meet
  with pytest.raises(DataError, match='s3://b/: its store does not answer: Please reduce your request rate. Try again'):
    listed(monkeypatch, store)


def test_a_guess_lies_between():
  for _ in range(2000):
    low, high = sorted(RANDOM.sample(sorted(MIXED), 2))
    guess = s3_listing.between(low, high)
    assert not guess or low < guess < high
  assert s3_listing.between('0001.jpg', '0900.jpg') == '04'
  assert s3_listing.between('0999', '1000') == '1'
  assert s3_listing.between('0999', '1') == '0\\'
