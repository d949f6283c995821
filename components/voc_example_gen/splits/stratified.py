"""Iterative stratification (Sechidis, Tsoumakas, Vlahavas: "On the Stratification of Multi-Label Data", 2011)."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from components.voc_example_gen.groups import Groups
from components.voc_example_gen.split_method import TRAIN, ComputedMethod


def divide(groups: Groups, fractions: Mapping[str, float]) -> tuple[np.ndarray, list[str]]:
  """See ComputedMethod.divide. Every class has about its fraction of images in every split; rare ones are placed first.

  A class that only one group has is in train. Among groups of equal rank, their places decide.
  """
  state = _State(groups, fractions)
  alone = sorted(label for label, holders in state.groups_with.items() if holders == 1)
  for label in alone:
    for group in state.waiting(label):
      state.put(group, TRAIN)
  while label := state.rarest():
    # Groups with many images of the class first, while there is room everywhere.
    waiting = state.waiting(label)
    waiting = waiting[
      np.argsort([-groups.of_kind[kind].classes[label] for kind in groups.kinds[waiting]], kind='stable')
    ]
    for done, group in enumerate(waiting):
      state.put(group, state.neediest_of(label, left=len(waiting) - done))
  for group in np.flatnonzero(state.splits < 0):
    state.put(group, state.neediest_of_images())
  return state.splits, [f'Class "{label}" is in one image or group only, which went to train.' for label in alone]


class _State:
  """What each split still lacks: images in all, and images of each class.

  Attributes:
    splits: of each group its split, as a place in `fractions`; -1 for those that are not placed.
    groups_with: {class: how many groups have it}.
  """

  def __init__(self, groups: Groups, fractions: Mapping[str, float]) -> None:
    self.splits = np.full(len(groups.kinds), -1, np.int8)
    self._kinds, self._of_kind = groups.kinds, groups.of_kind
    self._left = np.bincount(groups.kinds, minlength=len(groups.of_kind))  # groups of each kind to be placed
    total: Counter[str] = Counter()
    images = 0
    self._with: dict[str, list[int]] = {}  # {class: the kinds that have it}
    for number, (kind, count) in enumerate(zip(groups.of_kind, self._left.tolist(), strict=True)):
      images += kind.images * count
      for label, of_each in kind.classes.items():
        total[label] += of_each * count
        self._with.setdefault(label, []).append(number)
    self.groups_with = {label: self._left_with(label) for label in self._with}
    self._lacks = {split: {label: fraction * n for label, n in total.items()} for split, fraction in fractions.items()}
    self._have: dict[str, Counter[str]] = {split: Counter() for split in fractions}
    self._room = {split: fraction * images for split, fraction in fractions.items()}
    self._place_of = {split: place for place, split in enumerate(fractions)}

  def _left_with(self, label: str) -> int:
    return int(self._left[self._with[label]].sum())

  def rarest(self) -> str:
    """The class with the fewest groups to be placed; '' if no group with a class is left."""
    left = ((count, label) for label in self._with if (count := self._left_with(label)))
    return min(left, default=(0, ''))[1]

  def waiting(self, label: str) -> np.ndarray:
    """The groups with a class that are to be placed, in order."""
    return np.flatnonzero((self.splits < 0) & np.isin(self._kinds, self._with[label]))

  def neediest_of(self, label: str, left: int) -> str:
    """The split that lacks most images of `label`; among equals, most images in all.

    If only as many groups are `left` as there are splits without the class, those splits come first: of two images of
    a class, one is for training and one for evaluation.
    """
    without = [split for split in self._room if not self._have[split][label]]
    among = without if without and left <= len(without) else list(self._room)
    return max(among, key=lambda split: (self._lacks[split].get(label, 0.0), self._room[split], split == TRAIN, split))

  def neediest_of_images(self) -> str:
    """The split that lacks most images in all."""
    return max(self._room, key=lambda split: (self._room[split], split == TRAIN, split))

  def put(self, group: int, split: str) -> None:
    """Places a group that is not placed yet."""
    kind = self._kinds[group]
    self.splits[group] = self._place_of[split]
    self._left[kind] -= 1
    self._room[split] -= self._of_kind[kind].images
    for label, count in self._of_kind[kind].classes.items():
      self._lacks[split][label] -= count
      self._have[split][label] += count


METHOD = ComputedMethod('stratified', preference=None, divide=divide)
