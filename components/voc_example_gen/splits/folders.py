"""Folders train/, valid/ and test/ above the images; or annotation files named for a split (instances_train.json)."""

import functools
import posixpath
import re
from collections.abc import Sequence

from components.voc_example_gen import folder_roles
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.split_method import GivenMethod


def read(tree: Tree, items: Sequence[Item]) -> dict[str, str]:
  """{image path: split} of the images below such a folder; or whose annotation file names a split, or is below one."""
  splits = (
    (item.image, folder_roles.split_of(item.image) or item.split_hint or folder_roles.split_of(item.annotation_file))
    for item in items
  )
  return {image: split for image, split in splits if split}


@functools.lru_cache(maxsize=4096)
def split_in_file_name(path: str) -> str:
  """The split that an annotation file's own name tells: instances_val2017.json is eval; '' if it tells none."""
  words = re.split(r'[^a-z]+', posixpath.splitext(posixpath.basename(path))[0].lower())
  return next((split for word in words if (split := folder_roles.split_in_name(word))), '')


METHOD = GivenMethod(
  'folders',
  preference=3,
  read=read,
  expected='folders train and valid (or val, test)',
  remedy='Rename the folders',
)
