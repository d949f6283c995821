"""COCO's metrics on parts of the images: by file name, by image size, by number of objects."""

import collections
import dataclasses
import functools
import re
from collections.abc import Sequence

import numpy as np

from detection.base.errors import ConfigError
from detection.metrics import coco, ranked
from detection.metrics.ranked import Ranked
from detection.metrics.results import Results

_KINDS = ('file name', 'longer side, pixels', 'objects in the image')
_NAME, _SIDE, _COUNT = range(ranked.PARTINGS)
_NO_MATCH = '(no match)'
_SIDES = ((320, 'up to 320'), (640, '321 to 640'), (1280, '641 to 1280'), (float('inf'), 'above 1280'))
_COUNTS = ((0, '0'), (1, '1'), (5, '2 to 5'), (20, '6 to 20'), (float('inf'), 'above 20'))
_HELD = 2_000_000  # numbers of precision that are held for parts that are measured at once


@dataclasses.dataclass(frozen=True)
class Slice:
  """One part of the images.

  kind: what the images were parted by.
  name: of this part.
  images, objects: how many it has; difficult objects are left out.
  metrics: {metric of names.COCO: value}.
  """

  kind: str
  name: str
  images: int
  objects: int
  metrics: dict[str, float]


def check_pattern(pattern: str) -> None:
  """Checks that `pattern` is empty, or a regular expression with one group.

  Raises:
    ConfigError: if it is not; it says what is wrong.
  """
  try:
    groups = re.compile(pattern).groups
  except re.error as error:
    raise ConfigError(f'evaluate.slice_pattern: not a regular expression: {error}. Received "{pattern}".') from error
  if pattern and groups != 1:
    raise ConfigError(f'evaluate.slice_pattern: expected one group, as in "^(cam[0-9]+)_", received "{pattern}".')


class Parting:
  """Parts images in each way, and counts them.

  Attributes:
    images, objects: how many came; difficult objects are left out.
  """

  def __init__(self, pattern: str = '') -> None:
    """pattern: as in `measure`."""
    self.images = self.objects = 0
    self._pattern = re.compile(pattern) if pattern else None
    self._groups: dict[str, int] = {}
    self._counts: collections.Counter[tuple[int, int]] = collections.Counter()
    self._object_counts: collections.Counter[tuple[int, int]] = collections.Counter()

  def add(self, results: Results) -> np.ndarray:
    """[I, PARTINGS] int32: the part of each image, in each way."""
    objects = np.bincount(results.object_image[results.object_counted[:, 0]], minlength=len(results.names))
    parts = np.zeros((len(results.names), ranked.PARTINGS), np.int32)
    if self._pattern:
      groups = [_group(self._pattern, name) for name in results.names.tolist()]
      parts[:, _NAME] = [self._groups.setdefault(group, len(self._groups)) for group in groups]
    parts[:, _SIDE] = _binned(np.maximum(results.widths, results.heights), _SIDES)
    parts[:, _COUNT] = _binned(objects, _COUNTS)
    self.images += len(parts)
    self.objects += int(objects.sum())
    for kind in range(ranked.PARTINGS):
      for part, number in enumerate(np.bincount(parts[:, kind]).tolist()):
        self._counts[kind, part] += number
      for part, number in enumerate(np.bincount(parts[:, kind], objects).tolist()):
        self._object_counts[kind, part] += int(number)
    return parts

  def empty_slices(self) -> list[tuple[int, int, Slice]]:
    """(way, part, its Slice without metrics) of every part that has an image, in the order of the report."""
    named = [(_NAME, part, name) for name, part in sorted(self._groups.items())]
    for kind, bins in ((_SIDE, _SIDES), (_COUNT, _COUNTS)):
      named += [(kind, part, name) for part, (_, name) in enumerate(bins)]
    return [
      (kind, part, Slice(_KINDS[kind], name, self._counts[kind, part], self._object_counts[kind, part], {}))
      for kind, part, name in named
      if self._counts[kind, part]
    ]


def measure(results: Results, class_ids: Sequence[int], pattern: str = '') -> list[Slice]:
  """Measures every part that has an image.

  Args:
    results: all images.
    class_ids: the classes of the metrics.
    pattern: a regular expression, searched in the image's name; its one group names the part. Empty: no such parts.
  """
  parting = Parting(pattern)
  return measure_parts(ranked.of(results, parts=parting.add(results)), class_ids, parting)


def measure_parts(rows: Ranked, class_ids: Sequence[int], parting: Parting) -> list[Slice]:
  """As `measure`. parting: noted all images."""
  slices = parting.empty_slices()
  numbers_each = len(coco.RECALL_LEVELS) * 40 * max(1, len(class_ids))
  most = max(1, _HELD // numbers_each)
  measured: list[Slice] = []
  for start in range(0, len(slices), most):
    some = slices[start : start + most]
    parts = [functools.partial(_rows_of, kind, part) for kind, part, _ in some]
    found = coco.accumulate_parts(rows, class_ids, parts)
    measured += [
      dataclasses.replace(one, metrics=made.metrics()) for (_, _, one), made in zip(some, found, strict=True)
    ]
  return measured


def _rows_of(kind: int, part: int, rows: np.ndarray) -> np.ndarray:
  return rows[rows['parts'][:, kind] == part]


def _binned(values: np.ndarray, bins: Sequence[tuple[float, str]]) -> np.ndarray:
  """[I] the bin of each value: the first whose limit is no less."""
  return np.searchsorted([most for most, _ in bins], values, side='left')


def _group(pattern: re.Pattern, name: str) -> str:
  found = pattern.search(name)
  return (found.group(1) or _NO_MATCH) if found else _NO_MATCH
