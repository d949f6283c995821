"""Folders that are walked as a whole, and in parts."""

import pickle

from detection.base import file_tree
from detection.base.branches import Choice

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


def walked_in_parts(root, choice=ALL):
  """What walks of all parts find together, and how many branches there were."""
  parts = file_tree.divide(root, choice).parts
  found, left = [], []
  for part in parts:
    found += file_tree.walk(root, choice, pickle.loads(pickle.dumps(part)), left)
  for part in file_tree.rest(root, parts, left):
    found += file_tree.walk(root, choice, pickle.loads(pickle.dumps(part)), left := [])
    assert not left
  assert len(dict(found)) == len(found)
  return dict(found), sum(len(part.branches) for part in parts)
