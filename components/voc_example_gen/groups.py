"""Images that must stay in one split: byte-identical copies, and groups by file name."""

import array
import hashlib
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from components.voc_example_gen.dataset_index import Item


def by_content_and_name(
  items: Sequence[Item], digests: Mapping[str, str], group_by: str | None
) -> dict[str, list[Item]]:
  """Groups items of equal content, and items whose file names name the same group.

  Args:
    items: the annotated images.
    digests: {image path: digest of its content}.
    group_by: a regular expression on file names, see SplitSettings; None groups by content alone.

  Returns:
    {key: items}, in order of keys. A key is the group's name ('group:...') or else the content ('content:...').
  """
  pattern = re.compile(group_by) if group_by else None
  parent: dict[str, str] = {}

  def root(key: str) -> str:
    while parent.setdefault(key, key) != key:
      key = parent[key]
    return key

  own_key = {}
  for item in items:
    content = _content_key(item.image, digests[item.image])
    group = _group_name(pattern, posixpath.basename(item.image)) or content
    first, second = sorted((root(content), root(group)), reverse=True)
    parent[second] = first  # 'group:' sorts after 'content:', so a joined group is called by its name
    own_key[item.image] = content
  groups = defaultdict(list)
  for item in items:
    groups[root(own_key[item.image])].append(item)
  return dict(sorted(groups.items()))


def key_of(image: str, digest: str, group_by: str | None) -> str:
  """The key of an image's group, where no two groups share an image's content.

  Args:
    image: its path.
    digest: of its content; '' if it cannot be read.
    group_by: as for by_content_and_name.
  """
  pattern = re.compile(group_by) if group_by else None  # re keeps compiled patterns
  return _group_name(pattern, posixpath.basename(image)) or _content_key(image, digest)


def _content_key(image: str, digest: str) -> str:
  return f'content:{digest or image}'


def _group_name(pattern: re.Pattern[str] | None, name: str) -> str:
  """'group:' and the group that a file name names; '' if the pattern, or its optional first group, does not match."""
  match = pattern.search(name) if pattern else None
  found = match and (match.group(1) if match.re.groups else match.group())
  return f'group:{found}' if found else ''


def _place(seed: int, key: str) -> int:
  """A whole number below 2**64 that depends on nothing but the key and the seed."""
  digest = hashlib.sha256(f'{seed}:{key}'.encode('utf-8', 'surrogateescape')).digest()
  return int.from_bytes(digest[:8], 'big')


def position(seed: int, key: str) -> float:
  """A number in [0, 1) that depends on nothing but the key and the seed."""
  return _place(seed, key) / 2**64


class Kind(NamedTuple):
  """What a group of images holds; classes: {class: how many of its images have it}."""

  images: int
  classes: Mapping[str, int]


class Groups:
  """Groups of images in the order of their positions, in 12 bytes each.

  Attributes:
    kinds: of each group the place of its kind in `of_kind`.
    of_kind: all kinds of groups.
  """

  def __init__(self, images: Iterable[tuple[str, Collection[str]]], seed: int) -> None:
    """images: (key of its group, names of the classes in its annotation) of each image. seed: of `position`."""
    places, sets = array.array('Q'), array.array('I')
    known: dict[frozenset[str], int] = {}
    self._seed = seed
    for key, classes in images:
      places.append(_place(seed, key))
      sets.append(known.setdefault(frozenset(classes), len(known)))
    order = np.argsort(np.array(places, np.uint64), kind='stable')
    self._places, starts, sizes = np.unique(np.array(places, np.uint64), return_index=True, return_counts=True)
    self.of_kind = [Kind(1, dict.fromkeys(sorted(classes), 1)) for classes in known]
    self.kinds = np.array(sets, np.int32)[starts]
    self._join(np.array(sets, np.int32)[order], sizes)

  def _join(self, sets: np.ndarray, sizes: np.ndarray) -> None:
    """Gives groups of several images their kinds. sets: of all images, in the order of groups; sizes: of the groups."""
    known: dict[tuple[object, ...], int] = {}
    ends = np.cumsum(sizes)
    for group in np.flatnonzero(sizes > 1).tolist():
      members = sets[ends[group] - sizes[group] : ends[group]].tolist()
      classes = Counter(label for member in members for label in self.of_kind[member].classes)
      key = (len(members), *sorted(classes.items()))
      if key not in known:
        known[key] = len(self.of_kind)
        self.of_kind.append(Kind(len(members), classes))
      self.kinds[group] = known[key]

  @property
  def positions(self) -> Iterator[float]:
    """See `position`; ascending."""
    return (int(place) / 2**64 for place in self._places)

  def find(self, key: str) -> int:
    """Which group has this key."""
    return int(np.searchsorted(self._places, np.uint64(_place(self._seed, key))))
