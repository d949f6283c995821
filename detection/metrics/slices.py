"""COCO's metrics on parts of the images: by file name, by image size, by number of objects."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from detection.base.errors import ConfigError
from detection.metrics import coco
from detection.metrics.results import Results, select

_NO_MATCH = '(no match)'
_SIDES = ((320, 'up to 320'), (640, '321 to 640'), (1280, '641 to 1280'), (float('inf'), 'above 1280'))
_COUNTS = ((0, '0'), (1, '1'), (5, '2 to 5'), (20, '6 to 20'), (float('inf'), 'above 20'))


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


def measure(results: Results, class_ids: Sequence[int], pattern: str = '') -> list[Slice]:
  """Measures every part that has an image.

  Args:
    results: all images.
    class_ids: the classes of the metrics.
    pattern: a regular expression, searched in the image's name; its one group names the part. Empty: no such parts.
  """
  slices: list[Slice] = []
  if pattern:
    compiled = re.compile(pattern)
    slices += _parts(results, class_ids, 'file name', [_group(compiled, name) for name in results.names.tolist()])
  sides = np.maximum(results.widths, results.heights)
  slices += _parts(results, class_ids, 'longer side, pixels', _binned(sides, _SIDES), [name for _, name in _SIDES])
  counts = np.bincount(results.object_image[results.object_counted[:, 0]], minlength=len(results.names))
  slices += _parts(results, class_ids, 'objects in the image', _binned(counts, _COUNTS), [name for _, name in _COUNTS])
  return slices


def _parts(
  results: Results, class_ids: Sequence[int], kind: str, keys: list[str], order: Sequence[str] | None = None
) -> list[Slice]:
  labels = np.array(keys)
  made = []
  for name in order or sorted(set(keys)):
    images = np.flatnonzero(labels == name)
    if len(images):
      part = select(results, images)
      metrics = coco.accumulate(part, class_ids).metrics()
      made.append(Slice(kind, name, len(images), int(part.object_counted[:, 0].sum()), metrics))
  return made


def _binned(values: np.ndarray, bins: Sequence[tuple[float, str]]) -> list[str]:
  return [next(name for most, name in bins if value <= most) for value in values.tolist()]


def _group(pattern: re.Pattern, name: str) -> str:
  found = pattern.search(name)
  return (found.group(1) or _NO_MATCH) if found else _NO_MATCH
