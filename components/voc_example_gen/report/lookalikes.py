"""Finds images that look alike across splits: an image that the model has nearly seen in training tests little."""

import array
import dataclasses
from collections.abc import Iterable

import numpy as np

from components.voc_example_gen.split_method import TRAIN

MAX_DISTANCE = 3
_BANDS = 4  # two hashes that differ in at most 3 bits are equal in at least one of 4 bands
_WIDTH = 64 // _BANDS  # bits
_MIXER = 0x9E3779B1  # spreads neighbouring numbers
_BITS = np.unpackbits(np.arange(2**16, dtype='>u2').view(np.uint8)).reshape(-1, 16).sum(axis=1)  # of each 16-bit number


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
  bands = [_Band(twins, index) for index in range(_BANDS)]
  found = []
  for place in np.flatnonzero(~in_train).tolist():
    thumb = hashes[place]
    # Arrays, because thousands of frames of one camera have a band in common.
    candidates = np.concatenate([band.equal(thumb) for band in bands])
    distances = _BITS[(twins[candidates] ^ thumb).view(np.uint16)].reshape(-1, 4).sum(axis=1)
    if not len(distances) or distances.min() > MAX_DISTANCE:
      continue
    nearest = places[candidates[distances == distances.min()]]
    twin = min(thumbs.name(other) for other in nearest.tolist())
    found.append(Lookalike(thumbs.name(place), thumbs.split(place), twin, int(distances.min())))
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
    self._shift = np.uint64(index * _WIDTH)
    values = self._values(hashes)
    self._places = np.argsort(values, kind='stable').astype(np.uint32)
    self._starts = np.searchsorted(values[self._places], np.arange(2**_WIDTH + 1))

  def equal(self, thumb: np.uint64) -> np.ndarray:
    """Places of the hashes that are equal to `thumb` in this band."""
    value = int(self._values(thumb))
    return self._places[self._starts[value] : self._starts[value + 1]]

  def _values(self, hashes: np.ndarray | np.uint64) -> np.ndarray:
    return np.asarray((hashes >> self._shift) & np.uint64(2**_WIDTH - 1))
