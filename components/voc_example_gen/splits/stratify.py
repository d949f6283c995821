"""Iterative stratification (Sechidis, Tsoumakas, Vlahavas: "On the Stratification of Multi-Label Data", 2011)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from components.voc_example_gen.settings import TRAIN


def divide(
  units: Mapping[str, Sequence[frozenset[str]]], shares: Mapping[str, float]
) -> tuple[dict[str, str], list[str]]:
  """Gives each unit a split, so that every class comes near its share of images in every split, rare ones first.

  Args:
    units: {key: class names of each of its images}; a unit is never torn apart. Ties fall in this order.
    shares: {split: share of the images}, adding up to 1; 'train' among them.

  Returns:
    {key: split}, and the classes found in one unit only, which went to train.
  """
  counts = {key: Counter(label for labels in images for label in labels) for key, images in units.items()}
  holders: dict[str, set[str]] = defaultdict(set)
  for key, labels in counts.items():
    for label in labels:
      holders[label].add(key)
  alone = sorted(label for label, keys in holders.items() if len(keys) == 1)
  state = _State(units, counts, shares)
  for label in alone:
    state.put(next(iter(holders[label])), TRAIN)
  order = {key: place for place, key in enumerate(units)}
  left = {label: keys - state.split_of.keys() for label, keys in holders.items()}
  while left := {label: keys for label, keys in left.items() if keys}:
    rarest = min(left, key=lambda label: (len(left[label]), label))
    # Units with many images of the class first, while there is room everywhere.
    waiting = sorted(left[rarest], key=lambda key: (-counts[key][rarest], order[key]))
    for done, key in enumerate(waiting):
      state.put(key, state.neediest(rarest, left=len(waiting) - done))
    placed = left[rarest]
    left = {label: keys - placed for label, keys in left.items()}
  for key in units:
    if key not in state.split_of:
      state.put(key, state.neediest(None, left=0))
  return state.split_of, alone


class _State:
  """What each split still wants: images in all, and images of each class."""

  def __init__(
    self,
    units: Mapping[str, Sequence[frozenset[str]]],
    counts: Mapping[str, Counter[str]],
    shares: Mapping[str, float],
  ) -> None:
    self.split_of: dict[str, str] = {}
    self._units, self._counts = units, counts
    total, images = Counter(), 0
    for key, labels in counts.items():
      total.update(labels)
      images += len(units[key])
    self._wanted = {split: {label: share * n for label, n in total.items()} for split, share in shares.items()}
    self._have: dict[str, Counter[str]] = {split: Counter() for split in shares}
    self._room = {split: share * images for split, share in shares.items()}

  def neediest(self, label: str | None, left: int) -> str:
    """The split that lacks most images of `label`; among equals, most images in all.

    Where only as many units are `left` as splits have none of the class, those splits come first: two images of a
    class are one to learn from and one to be judged by.
    """
    without = [split for split in self._room if not self._have[split][label]]
    among = without if label is not None and without and left <= len(without) else list(self._room)
    return max(among, key=lambda split: (self._wanted[split].get(label, 0.0), self._room[split], split == TRAIN, split))

  def put(self, key: str, split: str) -> None:
    if key in self.split_of:
      return
    self.split_of[key] = split
    self._room[split] -= len(self._units[key])
    for label, count in self._counts[key].items():
      self._wanted[split][label] -= count
      self._have[split][label] += count
