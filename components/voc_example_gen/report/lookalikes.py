"""Finds images that look alike across splits: an image that the model has nearly seen in training tests little."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from components.voc_example_gen.split_method import TRAIN

MAX_DISTANCE = 3
_BANDS = 4  # two hashes that differ in at most 3 bits are equal in at least one of 4 bands
_BITS = np.unpackbits(np.arange(2**16, dtype='>u2').view(np.uint8)).reshape(-1, 16).sum(axis=1)  # of each 16-bit number


@dataclasses.dataclass(frozen=True)
class Lookalike:
  """A held-out image, and one in training that looks the same; distance in bits of 64."""

  image: str
  split: str
  twin: str
  distance: int


def across_splits(thumbs: Iterable[tuple[str, str, int]]) -> list[Lookalike]:
  """Finds for each held-out image the training image that looks most like it, if one is within MAX_DISTANCE.

  Args:
    thumbs: (image path, split, 64-bit difference hash) of each image.

  Returns:
    In order of distance, then path.
  """
  thumbs = list(thumbs)
  twins: dict[int, str] = {}  # one image for each hash: a thousand equal frames stay one entry
  for image, split, thumb in thumbs:
    if split == TRAIN:
      twins.setdefault(thumb, image)
  buckets = _by_band(twins)
  found = [_nearest(image, split, thumb, twins, buckets) for image, split, thumb in thumbs if split != TRAIN]
  return sorted((pair for pair in found if pair), key=lambda pair: (pair.distance, pair.image))


def _by_band(thumbs: Iterable[int]) -> dict[tuple[int, int], np.ndarray]:
  """The hashes that have each value of each band."""
  buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
  for thumb in thumbs:
    for band in _bands(thumb):
      buckets[band].append(thumb)
  return {band: np.array(held, np.uint64) for band, held in buckets.items()}


def _nearest(
  image: str, split: str, thumb: int, twins: Mapping[int, str], buckets: Mapping[tuple[int, int], np.ndarray]
) -> Lookalike | None:
  held = [buckets[band] for band in _bands(thumb) if band in buckets]
  if not held:
    return None
  # Arrays, because thousands of frames of one camera have a band in common.
  candidates = np.concatenate(held)
  distances = _BITS[(candidates ^ np.uint64(thumb)).view(np.uint16)].reshape(-1, 4).sum(axis=1)
  distance = int(distances.min())
  if distance > MAX_DISTANCE:
    return None
  return Lookalike(image, split, min(twins[int(other)] for other in candidates[distances == distance]), distance)


def _bands(thumb: int) -> list[tuple[int, int]]:
  width = 64 // _BANDS
  return [(index, thumb >> index * width & (1 << width) - 1) for index in range(_BANDS)]
