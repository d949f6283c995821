"""Folders train/, valid/ and test/ above the images; or annotation files named for a split (instances_train.json)."""

import posixpath
import re
from collections.abc import Sequence

from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN, GivenMethod

_FOLDERS = {'train': TRAIN, 'training': TRAIN, 'valid': EVAL, 'val': EVAL, 'validation': EVAL, 'eval': EVAL}
_FOLDERS |= {'test': TEST, 'testing': TEST}
_WORDS = (('train', TRAIN), ('val', EVAL), ('test', TEST))


def read(tree: Tree, items: Sequence[Item]) -> dict[str, str]:
  """{image path: split} of the images below such a folder, or whose annotation file names a split."""
  return {item.image: split for item in items if (split := _split_of(item))}


def _split_of(item: Item) -> str:
  folders = item.image.lower().split('/')[:-1]
  return next((_FOLDERS[name] for name in folders if name in _FOLDERS), '') or item.split_hint


def split_in_file_name(path: str) -> str:
  """The split that an annotation file's own name tells: instances_val2017.json is eval; '' if it tells none."""
  words = re.split(r'[^a-z]+', posixpath.basename(path).lower())
  return next((split for start, split in _WORDS for word in words if word.startswith(start)), '')


METHOD = GivenMethod(
  'folders',
  preference=2,
  read=read,
  expected='folders train and valid (or val, test)',
  remedy='Rename the folders',
)
