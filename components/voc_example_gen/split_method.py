"""The names of the splits, and the two kinds of methods that divide images into them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.groups import Groups
from components.voc_example_gen.listing import Tree

TRAIN, EVAL, TEST = 'train', 'eval', 'test'


@dataclasses.dataclass(frozen=True)
class GivenMethod:
  """Takes the division that the data folder itself gives.

  Attributes:
    name: the value of data.split.method.
    preference: the method `auto` takes is the one that fits with the lowest number; None: never taken by `auto`.
    read: (listing of the folder, items) -> {image path: split}, for every image that the folder gives a split.
    expected: what the folder must hold.
    remedy: what the user can do where it is missing.
    declaring: the files that declare splits, whether the images they declare are in the folder or not.
  """

  name: str
  preference: int | None
  read: Callable[[Tree, Sequence[Item]], Mapping[str, str]]
  expected: str
  remedy: str
  declaring: Callable[[Tree], Sequence[str]] = lambda tree: ()


@dataclasses.dataclass(frozen=True)
class ComputedMethod:
  """Computes a division from fractions and a seed; fits every folder.

  Attributes:
    name, preference: as for GivenMethod.
    divide: (groups, {split: fraction of the images}) -> (of each group its split, as a place among the fractions;
      warnings). The fractions hold `train` and `eval`, and `test` when asked, and add up to 1.
    place: (position of a group, {split: fraction}) -> split, where the place of a group depends on no other group.
      `divide` gives the same, but for splits that would have no group. None: all groups must be known.
  """

  name: str
  preference: int | None
  divide: Callable[[Groups, Mapping[str, float]], tuple[np.ndarray, list[str]]]
  place: Callable[[float, Mapping[str, float]], str] | None = None


SplitMethod = GivenMethod | ComputedMethod
