"""Walking a local folder, as a whole and in parts: what is found is the same, whichever links there are."""

import gc
import os
import random
import threading

import pytest

from detection.base import branches, file_tree, local_tree, local_walk
from tests.support.walks import ALL, walked, walked_in_parts, write


def test_what_is_chosen_is_found_with_its_status(tmp_path):
  root = write(tmp_path, 'a', 'deep/er/b', 'deep/bare', 'deep/junk', 'junk/c')
  found = walked(root)
  assert sorted(found) == ['a', 'deep/bare', 'deep/er/b']
  assert (found['deep/er/b'].size, found['deep/bare']) == (9, None)


def test_large_folders_are_found_whole(tmp_path, monkeypatch):
  monkeypatch.setattr(local_tree, '_PORTION', 4)
  monkeypatch.setattr(local_tree, '_BATCH', 2)
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
  (tmp_path / 'data/w').rename(tmp_path / 'data/z')
  assert sorted(walked(root)) == sorted(walked_in_parts(root)[0]) == ['c', 'x/a', 'z/b']


@pytest.mark.parametrize(('most', 'branches_of_all'), [(1, 1), (2, 5), (100, 12)])
def test_parts_are_the_whole_together(tmp_path, monkeypatch, most, branches_of_all):
  monkeypatch.setattr(local_tree, '_MOST_BRANCHES', most)
  monkeypatch.setattr(branches, '_NAMES_OF_A_PART', 3)
  names = ['top', 'junk/x', 'deep/junk', 'deep/bare', *(f'{a}/{b}/{n}' for a in 'xyz' for b in 'ab' for n in range(5))]
  root = write(tmp_path, *names)
  (tmp_path / 'z/empty').mkdir()
  found, count = walked_in_parts(root)
  assert found == walked(root)
  assert len(found) == 32
  assert count == branches_of_all


def test_the_number_of_names_is_known_if_all_folders_were_read(tmp_path, monkeypatch):
  root = write(tmp_path, 'top', 'x/1', 'x/2', 'junk/3')
  assert file_tree.divide(root, ALL).names == 3
  monkeypatch.setattr(local_tree, '_MOST_BRANCHES', 1)
  assert file_tree.divide(root, ALL).names is None


def test_a_folder_is_always_divided_alike(tmp_path, monkeypatch):
  root, portions = write(tmp_path, *(f'{folder}/{deep}/a' for folder in 'abc' for deep in 'xyz')), local_walk.portions
  division = file_tree.divide(root, ALL)
  monkeypatch.setattr(
    local_walk, 'portions', lambda *of: [some._replace(folders=some.folders[::-1]) for some in portions(*of)]
  )
  assert file_tree.divide(root, ALL) == division


def tangled(root, rng):
  """Folders, some junk, and links among them and to others outside, which lead back."""
  folders = [root / 'in', root / 'out']
  for number in range(14):
    folders.append(rng.choice(folders) / rng.choice(['junk', f'f{number}', f'g{number}']))
  for folder in folders:
    write(folder, *(f'file{n}' for n in range(rng.randrange(3))))
    folder.mkdir(parents=True, exist_ok=True)
  for number in range(rng.randrange(9)):
    (rng.choice(folders) / f'{rng.choice("akz")}{number}').symlink_to(rng.choice([*folders, root, root / 'dead']))
  return str(root / 'in')


@pytest.mark.parametrize('seed', range(60))
def test_links_make_no_difference_to_parts(tmp_path, monkeypatch, seed):
  rng = random.Random(seed)
  monkeypatch.setattr(local_tree, '_MOST_BRANCHES', rng.choice([1, 3, 50]))
  monkeypatch.setattr(branches, '_NAMES_OF_A_PART', 1)
  root = tangled(tmp_path, rng)
  found, _ = walked_in_parts(root)
  assert found == walked(root)
  real = [real_in(root, path) for path in found if os.path.exists(os.path.join(root, path))]
  assert len(real) == len(set(real))
  assert set(real) == by_os_walk(root)


def by_os_walk(root):
  """The real paths of all files that can be reached."""
  found, seen = set(), set()
  for folder, folders, names in os.walk(root, followlinks=True):
    folders[:] = [name for name in folders if name != 'junk' and not seen.issuperset({real_in(folder, name)})]
    seen.update(real_in(folder, name) for name in folders)
    found.update(real_in(folder, name) for name in names if os.path.exists(os.path.join(folder, name)))
  return found


def real_in(folder, name):
  return os.path.realpath(os.path.join(folder, name))


def test_a_link_into_a_folder_that_cannot_be_read_is_followed(tmp_path, monkeypatch):
  root, portions = write(tmp_path, 'shut/open/a', 'b'), local_walk.portions
  (tmp_path / 'link').symlink_to(tmp_path / 'shut/open')
  monkeypatch.setattr(
    local_walk, 'portions', lambda folder, size: iter(()) if folder.endswith('shut') else portions(folder, size)
  )
  assert sorted(walked(root)) == sorted(walked_in_parts(root)[0]) == ['b', 'link/a']


def test_slow_local_folders_are_listed_at_a_time(tmp_path, monkeypatch):
  both, portions = threading.Barrier(2, timeout=10), local_walk.portions

  def wait(folder, size):
    if os.path.basename(folder) in 'xy':
      both.wait()
    yield from portions(folder, size)

  monkeypatch.setattr(local_walk, 'portions', wait)
  monkeypatch.setattr(local_tree, '_QUICK', 0)  # a network mount
  assert sorted(walked(write(tmp_path, 'x/a', 'y/b'))) == ['x/a', 'y/b']


def test_names_that_were_walked_past_are_not_held(tmp_path, monkeypatch):
  monkeypatch.setattr(local_tree, '_BATCH', 4)
  monkeypatch.setattr(local_tree, '_PORTION', 8)
  found = file_tree.walk(write(tmp_path, *(f'{number}.jpg' for number in range(400))), ALL)
  for _ in range(300):
    next(found)
  gc.collect()
  assert sum(isinstance(thing, local_tree._Ask) for thing in gc.get_objects()) < 10
  assert len(list(found)) == 100


def test_links_and_folders_that_are_not_looked_into_may_leave_something(tmp_path, monkeypatch):
  root = write(tmp_path / 'data', 'x/1', 'junk/2')
  assert not file_tree.divide(root, ALL).leaves
  (tmp_path / 'data/junk/link').symlink_to(tmp_path)
  assert not file_tree.divide(root, ALL).leaves
  (tmp_path / 'data/x/link').symlink_to(tmp_path)
  assert file_tree.divide(root, ALL).leaves
  (tmp_path / 'data/x/link').unlink()
  monkeypatch.setattr(local_tree, '_MOST_BRANCHES', 1)
  assert file_tree.divide(root, ALL).leaves


def test_an_example_is_given_of_each_folder_that_is_looked_into(tmp_path):
  root = write(tmp_path, 'x/1.jpg', 'y/junk', 'y/2.xml', 'junk/3')
  assert sorted(file_tree.divide(root, ALL).examples) == ['1.jpg', '2.xml']
