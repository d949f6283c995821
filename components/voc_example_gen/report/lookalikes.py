"""Finds images that look alike across splits: an image that the model has nearly seen in training tests little."""

import array
import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

from components.voc_example_gen.split_method import TRAIN

MAX_DISTANCE = 3
_BANDS = 4  # two hashes that differ in at most 3 bits are equal in at least one of 4 bands
_WIDTH = 64 // _BANDS  # bits
_PAIRS_AT_ONCE = 2**18
_MIXER = 0x9E3779B1  # spreads neighbouring numbers
# How many bits each number of 16 bits has.
_BITS = np.unpackbits(np.arange(2**16, dtype='>u2').view(np.uint8)).reshape(-1, 16).sum(axis=1, dtype=np.uint8)


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
    for thumb in thumbs:
      self.add(*thumb)

  def add(self, image: str, split: str, thumb: int) -> None:
    self._hashes.append(thumb)
    self._split_of.append(self._splits.setdefault(split, len(self._splits)))
    self._names += image.encode('utf-8', 'surrogateescape')
    self._ends.append(len(self._names))

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
  best: dict[int, tuple[int, str]] = {}
  for index in range(_BANDS):
    for which, candidates, distances in _Band(twins, index).near(hashes[held]):
      near = zip(held[which].tolist(), places[candidates].tolist(), distances.tolist(), strict=True)
      for place, twin, distance in near:
        pair = distance, thumbs.name(twin)
        best[place] = min(best.get(place, pair), pair)
  found = (Lookalike(thumbs.name(place), thumbs.split(place), *best[place][::-1]) for place in best)
  return _ordered(found)


def parts_of(thumb: int, parts: int) -> set[int]:
  """Those of `parts` parts that an image goes to; two images that look alike have at least one in common."""
  bands = ((thumb >> (index * _WIDTH)) % 2**_WIDTH + index * 2**_WIDTH for index in range(_BANDS))
  return {band * _MIXER % 2**32 * parts // 2**32 for band in bands}


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


class _Band:
  """The places of hashes, by the value of one of their bands."""

  def __init__(self, hashes: np.ndarray, index: int) -> None:
    self._hashes = hashes
    self._shift = np.uint64(index * _WIDTH)
    values = self._values(hashes)
    self._places = np.argsort(values, kind='stable').astype(np.uint32)
    self._starts = np.searchsorted(values[self._places], np.arange(2**_WIDTH + 1))

  def near(self, others: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of the hashes equal to each of `others` in this band, the nearest, if within MAX_DISTANCE.

    Yields:
      Places in `others`, places of hashes and distances, of some of `others` at a time: thousands of frames of one
      camera have a band in common.
    """
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

  def _nearest(
    self, others: np.ndarray, which: np.ndarray, places: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
