"""Finds images that look alike across splits: an image that the model has nearly seen in training tests little."""

import array
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from components.voc_example_gen.split_method import TRAIN

MAX_DISTANCE = 3
_BANDS = 4  # two hashes that differ in at most 3 bits are equal in at least one of 4 bands
_WIDTH = 64 // _BANDS  # bits
_PAIRS_AT_ONCE = 2**18
_MIXER = 0x9E3779B1  # spreads neighbouring numbers
# Of each band: the place of its lowest bit, and where its values begin among those of all bands.
_SHIFTS_AND_FIRSTS = tuple((index * _WIDTH, index * 2**_WIDTH) for index in range(_BANDS))
_AT_ONCE = 4096  # images whose hashes are taken together
# How many bits each number of 16 bits has.
_BITS = np.unpackbits(np.arange(2**16, dtype='>u2').view(np.uint8)).reshape(-1, 16).sum(axis=1, dtype=np.uint8)


Near = tuple[np.ndarray, np.ndarray, np.ndarray]  # places of some hashes, places of others, distances of the two


@dataclasses.dataclass(frozen=True)
class Lookalike:
  """A held-out image, and one in training that looks the same; distance in bits of 64."""

  image: str
  split: str
  twin: str
  distance: int


class Thumbs:
  """The difference hashes of many images, in some 45 bytes each."""

  def __init__(self, thumbs: Iterable[tuple[str, str, int]] = ()) -> None:
    """thumbs: (image path, split, 64-bit difference hash) of each image."""
    self._hashes = array.array('Q')
    self._splits: dict[str, int] = {}
    self._split_of = bytearray()
    self._names, self._ends = bytearray(), array.array('Q', [0])
    rows = iter(thumbs)
    while some := list(itertools.islice(rows, _AT_ONCE)):
      self._add_all(*zip(*some, strict=True))

  def add(self, image: str, split: str, thumb: int) -> None:
    self._add_all((image,), (split,), (thumb,))

  def _add_all(self, images: Sequence[str], splits: Sequence[str], thumbs: Sequence[int]) -> None:
    self._hashes.extend(thumbs)
    for split in dict.fromkeys(splits):
      self._splits.setdefault(split, len(self._splits))
    self._split_of += bytes(map(self._splits.__getitem__, splits))
    names = [image.encode('utf-8', 'surrogateescape') for image in images]
    ends = itertools.accumulate(map(len, names), initial=len(self._names))
    self._ends.extend(itertools.islice(ends, 1, None))
    self._names += b''.join(names)

  @property
  def hashes(self) -> np.ndarray:
    return np.frombuffer(self._hashes, np.uint64) if self._hashes else np.zeros(0, np.uint64)

  def in_train(self) -> np.ndarray:
    """bool [images]."""
    return np.frombuffer(bytes(self._split_of), np.uint8) == self._splits.get(TRAIN, 255)

  def name(self, place: int) -> str:
    """The image at a place."""
    return bytes(self._names[self._ends[place] : self._ends[place + 1]]).decode('utf-8', 'surrogateescape')

  def split(self, place: int) -> str:
    return next(split for split, number in self._splits.items() if number == self._split_of[place])


def across_splits(thumbs: Thumbs) -> list[Lookalike]:
  """Finds for each held-out image the training image that looks most like it, if one is within MAX_DISTANCE.

  Returns:
    In order of distance, then path.
  """
  hashes, in_train = thumbs.hashes, thumbs.in_train()
  # One image for each hash: a thousand equal frames stay one entry.
  twins, firsts = np.unique(hashes[in_train], return_index=True)
  places = np.flatnonzero(in_train)[firsts]
  held = np.flatnonzero(~in_train)
  if not (len(twins) and len(held)):
    return []
  best = _Nearest(thumbs, places)
  best.keep(held, _within_a_bit(twins, hashes[held]))
  # Frames of one camera have a band in common, all with all: what has a twin by now would be compared in vain.
  held = np.array([place for place in held.tolist() if place not in best.found], np.int64)
  for index in range(_BANDS):
    best.keep(held, _Band(twins, index).near(hashes[held]))
  return _ordered(best.lookalikes())


class _Nearest:
  """The nearest twin of each held-out image so far; `found`: {its place: (distance, name of the twin)}."""

  def __init__(self, thumbs: Thumbs, places: np.ndarray) -> None:
    """places: in `thumbs`, of all twins."""
    self.found: dict[int, tuple[int, str]] = {}
    self._thumbs, self._places = thumbs, places

  def keep(self, held: np.ndarray, near: Iterable[Near]) -> None:
    """held: places in `thumbs` of the images that the places in `near` are of."""
    for which, twins, distances in near:
      columns = held[which].tolist(), self._places[twins].tolist(), distances.tolist()
      for place, twin, distance in zip(*columns, strict=True):
        pair = distance, self._thumbs.name(twin)
        self.found[place] = min(self.found.get(place, pair), pair)

  def lookalikes(self) -> Iterator[Lookalike]:
    for place, (distance, twin) in self.found.items():
      yield Lookalike(self._thumbs.name(place), self._thumbs.split(place), twin, distance)


def parts_of(thumb: int, parts: int) -> set[int]:
  """Those of `parts` parts that an image goes to; two images that look alike have at least one in common."""
  return {
    ((thumb >> shift) % 2**_WIDTH + first) * _MIXER % 2**32 * parts // 2**32 for shift, first in _SHIFTS_AND_FIRSTS
  }


def nearest(found: Iterable[Lookalike]) -> list[Lookalike]:
  """What `across_splits` gives for all images, from what it has found in parts of them."""
  best: dict[str, Lookalike] = {}
  for pair in found:
    known = best.setdefault(pair.image, pair)
    if (pair.distance, pair.twin) < (known.distance, known.twin):
      best[pair.image] = pair
  return _ordered(best.values())


def _ordered(pairs: Iterable[Lookalike]) -> list[Lookalike]:
  return sorted(pairs, key=lambda pair: (pair.distance, pair.image))


def _within_a_bit(hashes: np.ndarray, others: np.ndarray) -> Iterator[Near]:
  """Of hashes, in order, those equal to each of `others`; if there is none, those that differ in one bit."""
  places, equal = _found(hashes, others)
  yield np.flatnonzero(equal), places[equal], np.zeros(equal.sum(), np.uint8)
  left = np.flatnonzero(~equal)
  for bit in range(64):
    places, equal = _found(hashes, others[left] ^ np.uint64(1 << bit))
    yield left[equal], places[equal], np.ones(equal.sum(), np.uint8)


def _found(hashes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """For each of `others` a place in hashes, which are in order, and whether the hash there is equal."""
  places = np.minimum(np.searchsorted(hashes, others), len(hashes) - 1)
  return places, hashes[places] == others


class _Band:
  """The places of hashes, by the value of one of their bands."""

  def __init__(self, hashes: np.ndarray, index: int) -> None:
    self._hashes = hashes
    self._shift = np.uint64(index * _WIDTH)
    values = self._values(hashes)
    self._places = np.argsort(values, kind='stable').astype(np.uint32)
    self._starts = np.searchsorted(values[self._places], np.arange(2**_WIDTH + 1))

  def near(self, others: np.ndarray) -> Iterator[Near]:
    """Of the hashes equal to each of `others` in this band, the nearest, if within MAX_DISTANCE."""
    values = self._values(others)
    starts, ends = self._starts[values], self._starts[values + 1]
    pairs = np.cumsum(ends - starts)
    first = 0
    while first < len(others):
      before = pairs[first - 1] if first else 0
      last = max(first + 1, int(np.searchsorted(pairs, before + _PAIRS_AT_ONCE, side='right')))
      counts = (ends - starts)[first:last]
      which = np.repeat(np.arange(first, last), counts)
      ahead = np.repeat(starts[first:last] - (pairs[first:last] - counts - before), counts)
      yield self._nearest(others, which, self._places[np.arange(len(which)) + ahead])
      first = last

  def _nearest(self, others: np.ndarray, which: np.ndarray, places: np.ndarray) -> Near:
    """Of pairs, in order of `which`, those of the least distance of each, if within MAX_DISTANCE."""
    distances = _distances(others[which], self._hashes[places])
    within = distances <= MAX_DISTANCE
    which, places, distances = which[within], places[within], distances[within]
    least = np.full(len(others) if len(which) else 0, MAX_DISTANCE, np.uint8)
    np.minimum.at(least, which, distances)
    nearest = distances == least[which]
    return which[nearest], places[nearest], distances[nearest]

  def _values(self, hashes: np.ndarray) -> np.ndarray:
    return ((hashes >> self._shift) & np.uint64(2**_WIDTH - 1)).astype(np.int64)


def _distances(hashes: np.ndarray, others: np.ndarray) -> np.ndarray:
  """In how many bits each two hashes differ."""
  bits = _BITS[(hashes ^ others).view(np.uint16)].reshape(-1, _BANDS)
  return bits[:, 0] + bits[:, 1] + bits[:, 2] + bits[:, 3]
