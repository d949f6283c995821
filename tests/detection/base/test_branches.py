"""Parts of a folder have about as many names each."""

from detection.base import branches
from detection.base.branches import Branch


def inside(parts):
  return [[branch.inside for branch in part.branches] for part in parts]


def test_small_branches_are_put_together_and_large_ones_are_parts_of_their_own(monkeypatch):
  monkeypatch.setattr(branches, '_NAMES_OF_A_PART', 10)
  found = [Branch('a', names=2), Branch('b', names=20), Branch('c', names=3), Branch('d', names=15)]
  assert inside(branches.grouped(found, 40)) == [['b'], ['d'], ['c'], ['a']]
  assert inside(branches.grouped(found[::2], 5)) == [['c', 'a']]


def test_there_are_not_too_many_parts(monkeypatch):
  monkeypatch.setattr(branches, '_MOST_PARTS', 2)
  found = [Branch(str(number)) for number in range(5)]
  assert inside(branches.grouped(found)) == inside(branches.grouped(found, 10**9)) == [['0', '2', '4'], ['1', '3']]


def test_nothing_is_one_part():
  assert inside(branches.grouped([], 0)) == [[]]
