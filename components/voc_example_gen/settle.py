"""Settles the splits when all images have been read: copies of one image, and methods that must know all images.

Most images stay where they were placed when they were read. What is kept of each is 8 bytes; for methods that must know
all images first, such as stratified, 12 bytes, and the names of images that are not in train.
"""

import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from components.voc_example_gen import groups
from components.voc_example_gen.assign import Placing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN

_HELD_OUT_FIRST = (TEST, EVAL, TRAIN)


class Row(NamedTuple):
  """What settling needs of an image that was read, whether it can be used or not.

  Attributes:
    image: its path.
    split: the one that it was placed in.
    digest: of its content; '' if it could not be read.
    classes: names of the classes in its annotation.
  """

  image: str
  split: str
  digest: str
  classes: Sequence[str] = ()


Rows = Callable[[], Iterator[Row]]  # gives all of them, in the same order each time


class Settled(NamedTuple):
  """What changes when all images are known.

  Attributes:
    moves: {image path: the split that it belongs to, or '' for none}, of images that do not stay where they are.
    splits: those that have images now.
    left_out: images that are in no split any more, with the reason.
    warnings: what a user should know, one sentence each.
  """

  moves: Mapping[str, str]
  splits: tuple[str, ...]
  left_out: tuple[Refusal, ...] = ()
  warnings: tuple[str, ...] = ()


def settle(placing: Placing, rows: Rows) -> Settled:
  """Finds the images that do not stay in the split in which they were placed.

  Args:
    placing: that of the Assignment.
    rows: of all images that were read.
  """
  return settle_copies(placing, Counter(row.split for row in rows()), _copies(rows), rows)


def settle_copies(placing: Placing, counts: Counter[str], copies: Sequence[Row], rows: Rows) -> Settled:
  """The same, where it is known already how many images each split has, and which have the content of another one.

  Args:
    placing: that of the Assignment.
    counts: {split: images that were placed in it}.
    copies: the rows of images whose content another image has, in order.
    rows: of all images that were read; asked for only where the split of an image depends on all others.
  """
  if not placing.method:
    left_out = _copies_across(copies)
    moves = {refusal.path: '' for refusal in left_out}
    counts.subtract(row.split for row in copies if row.image in moves)
    return Settled(moves, _filled(counts), tuple(left_out))
  if placing.computed.place is None or not (counts[TRAIN] and counts[EVAL]):
    return _divided(placing, copies, rows)
  moves = _brought_together(placing, copies, rows) if placing.group_by else {}
  for row in rows() if moves else ():
    if row.image in moves:
      counts.subtract([row.split])
      counts.update([moves[row.image]])
  return Settled(moves, _filled(counts))


def _filled(counts: Mapping[str, int]) -> tuple[str, ...]:
  return tuple(split for split in (TRAIN, EVAL, TEST) if counts.get(split))


def _divided(placing: Placing, copies: Sequence[Row], rows: Rows) -> Settled:
  """All groups divided at once."""
  joined = _joined(placing, copies)

  def key(row: Row) -> str:
    own = groups.key_of(row.image, row.digest, placing.group_by)
    return joined.get(own, own)

  found = groups.Groups(((key(row), row.classes) for row in rows()), placing.seed)
  places, warnings = placing.computed.divide(found, placing.fractions)
  names = list(placing.fractions)
  counts: Counter[str] = Counter()
  moves = {}
  for row in rows():
    split = names[places[found.find(key(row))]]
    counts[split] += 1
    if split != row.split:
      moves[row.image] = split
  return Settled(moves, _filled(counts), warnings=tuple(warnings))


def _brought_together(placing: Placing, copies: Sequence[Row], rows: Rows) -> dict[str, str]:
  """Moves for images of groups that share an image's content with another group, and so are one group."""
  joined = _joined(placing, copies)
  if not joined:
    return {}
  moves = {}
  for row in rows():
    key = groups.key_of(row.image, row.digest, placing.group_by)
    split = placing.place(joined.get(key, key))
    if split != row.split:
      moves[row.image] = split
  return moves


def _joined(placing: Placing, copies: Sequence[Row]) -> dict[str, str]:
  """{key of a group: that of the group which it is a part of}, of groups that share an image's content."""
  digests = {row.image: row.digest for row in copies}
  found = groups.by_content_and_name([Item(row.image) for row in copies], digests, placing.group_by)
  joined: dict[str, str] = {}
  for key, members in found.items():
    own = {groups.key_of(item.image, digests[item.image], placing.group_by) for item in members}
    joined |= dict.fromkeys(own - {key}, key)
  return joined


def _copies(rows: Rows) -> list[Row]:
  """The rows of images whose content another image has, by path."""
  short = array.array('Q', (_short(row.digest) for row in rows() if row.digest))
  values = np.sort(np.frombuffer(short, np.uint64))
  repeated = set(values[1:][values[1:] == values[:-1]].tolist())
  alike = [row for row in rows() if row.digest and _short(row.digest) in repeated] if repeated else []
  times = Counter(row.digest for row in alike)
  return sorted(row for row in alike if times[row.digest] > 1)


def _short(digest: str) -> int:
  return int(digest[:16], 16)


def _copies_across(copies: Sequence[Row]) -> list[Refusal]:
  """Images to leave out because another split has the same bytes: held-out sets stay whole, train loses its copies."""
  by_content: dict[str, list[Row]] = defaultdict(list)
  for row in copies:
    by_content[row.digest].append(row)
  leaving = []
  for same in by_content.values():
    stays = min((row.split for row in same), key=_HELD_OUT_FIRST.index)
    original = next(row.image for row in same if row.split == stays)
    leaving += [
      Refusal(row.image, Reason.COPY_IN_OTHER_SPLIT, f'same bytes as {original}, in {stays}')
      for row in same
      if row.split != stays
    ]
  return sorted(leaving, key=lambda refusal: refusal.path)
