"""Images that look alike across splits: a model that has seen one in training is not tested by the other."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

from components.voc_example_gen.settings import TRAIN

MAX_DISTANCE = 3
_BANDS = 4  # two hashes that differ in at most 3 bits are equal in at least one of 4 bands


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
  buckets: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
  for image, split, thumb in thumbs:
    if split == TRAIN:
      for band in _bands(thumb):
        buckets[band].setdefault(thumb, image)  # one image for each hash: a thousand equal frames stay one entry
  found = [_nearest(image, split, thumb, buckets) for image, split, thumb in thumbs if split != TRAIN]
  return sorted((pair for pair in found if pair), key=lambda pair: (pair.distance, pair.image))


def _nearest(image: str, split: str, thumb: int, buckets: dict[tuple[int, int], dict[int, str]]) -> Lookalike | None:
  candidates = (candidate for band in _bands(thumb) for candidate in buckets.get(band, {}).items())
  distance, twin = min((((thumb ^ other).bit_count(), twin) for other, twin in candidates), default=(64, ''))
  return Lookalike(image, split, twin, distance) if distance <= MAX_DISTANCE else None


def _bands(thumb: int) -> list[tuple[int, int]]:
  width = 64 // _BANDS
  return [(index, thumb >> index * width & (1 << width) - 1) for index in range(_BANDS)]
