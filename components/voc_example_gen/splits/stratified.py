"""Iterative stratification (Sechidis, Tsoumakas, Vlahavas: "On the Stratification of Multi-Label Data", 2011)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from components.voc_example_gen import groups as image_groups
from components.voc_example_gen.split_method import TRAIN, ComputedMethod, Groups, LabelsOf


def divide(
  groups: Groups, fractions: Mapping[str, float], seed: int, labels_of: LabelsOf
) -> tuple[dict[str, str], list[str]]:
  """See ComputedMethod.divide; the seed decides between groups of equal rank."""
  order = sorted(groups, key=lambda key: image_groups.position(seed, key))
  labels = {key: [labels_of(item) for item in groups[key]] for key in order}
  splits, alone = stratify(labels, fractions)
  return splits, [f'Class "{label}" is in one image or group only, which went to train.' for label in alone]


def stratify(
  labels: Mapping[str, Sequence[frozenset[str]]], fractions: Mapping[str, float]
) -> tuple[dict[str, str], list[str]]:
  """Gives each group a split, so that every class has about its fraction of images in every split, rare ones first.

  Args:
    labels: {group: class names of each of its images}. Groups of equal rank are placed in this order.
    fractions: {split: fraction of the images}, adding up to 1; 'train' among them.

  Returns:
    {group: split}, and the classes found in one group only, which went to train.
  """
  counts = {key: Counter(label for image in images for label in image) for key, images in labels.items()}
  holders: dict[str, set[str]] = defaultdict(set)
  for key, count in counts.items():
    for label in count:
      holders[label].add(key)
  alone = sorted(label for label, keys in holders.items() if len(keys) == 1)
  state = _State({key: len(images) for key, images in labels.items()}, counts, fractions)
  for label in alone:
    state.put(next(iter(holders[label])), TRAIN)
  _place_by_class(state, holders, {key: place for place, key in enumerate(labels)})
  for key in labels:
    if key not in state.split_of:
      state.put(key, state.neediest_of_images())
  return state.split_of, alone


def _place_by_class(state: '_State', holders: Mapping[str, set[str]], order: Mapping[str, int]) -> None:
  """Places every group that has a class: all groups of the class with the fewest groups left, then of the next."""
  left = {label: keys - state.split_of.keys() for label, keys in holders.items()}
  while left := {label: keys for label, keys in left.items() if keys}:
    rarest = min(left, key=lambda label: (len(left[label]), label))
    # Groups with many images of the class first, while there is room everywhere.
    waiting = sorted(left[rarest], key=lambda key: (-state.counts[key][rarest], order[key]))
    for done, key in enumerate(waiting):
      state.put(key, state.neediest_of(rarest, left=len(waiting) - done))
    placed = left[rarest]
    left = {label: keys - placed for label, keys in left.items()}


class _State:
  """What each split still lacks: images in all, and images of each class.

  Attributes:
    split_of: {group: split} of the groups that are placed.
    counts: {group: images of each class}.
  """

  def __init__(
    self, sizes: Mapping[str, int], counts: Mapping[str, Counter[str]], fractions: Mapping[str, float]
  ) -> None:
    self.split_of: dict[str, str] = {}
    self.counts = counts
    self._sizes = sizes
    total: Counter[str] = Counter()
    for count in counts.values():
      total.update(count)
    images = sum(sizes.values())
    self._lacks = {split: {label: fraction * n for label, n in total.items()} for split, fraction in fractions.items()}
    self._have: dict[str, Counter[str]] = {split: Counter() for split in fractions}
    self._room = {split: fraction * images for split, fraction in fractions.items()}

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

  def put(self, key: str, split: str) -> None:
    """Places a group; one that is placed already stays where it is."""
    if key in self.split_of:
      return
    self.split_of[key] = split
    self._room[split] -= self._sizes[key]
    for label, count in self.counts[key].items():
      self._lacks[split][label] -= count
      self._have[split][label] += count


METHOD = ComputedMethod('stratified', preference=None, divide=divide)
