"""Confidence intervals of AP: percentile bootstrap over images.

Every resample draws as many images as there are, with replacement; a drawn image brings all its objects and detections.
Two models are compared on the same resamples, so that images hard for both do not widen the interval.

Reference: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from detection.metrics import ranked
from detection.metrics.coco import RECALL_LEVELS
from detection.metrics.matching import IOU_THRESHOLDS, cell
from detection.metrics.ranked import Ranked
from detection.metrics.results import Results

RESAMPLES = 1000
CONFIDENCE = 0.95
# Detections times resamples that are computed at once: some 50 MB.
_BLOCK = 1_000_000
# Images times resamples that are held at once, in two bytes each, and resamples.
_HELD = 32_000_000
_HELD_RESAMPLES = 250
# Detections times resamples at most: of more detections fewer resamples are drawn. Their interval is narrow anyway.
_MOST_WORK = 100_000_000
_FEWEST = 100
# numpy adds up so many numbers pairwise, then these sums one after the other. So does this: the mean does not depend on
# how many detections are held at once.
_SUMMED = 8192


@dataclasses.dataclass(frozen=True)
class Interval:
  """A confidence interval; NaN if there was nothing to measure."""

  low: float
  high: float


def draws(images: int, detections: int, seed: int = 0) -> np.ndarray:
  """Draws the resamples; equal arguments give equal draws.

  Args:
    images, detections: how many there are.
    seed: of the random numbers.

  Returns:
    [resamples, images] uint16: how often each image is drawn.
  """
  return np.concatenate(list(_drawn(images, detections, seed)))


def resampled(rows: Ranked, class_ids: Sequence[int], images: int) -> np.ndarray:
  """`resampled_ap` of all resamples that `draws` gives, of which few are held."""
  return np.concatenate([resampled_ap(rows, class_ids, weights) for weights in _drawn(images, rows.count)])


def resampled_ap(results: Results | Ranked, class_ids: Sequence[int], weights: np.ndarray) -> np.ndarray:
  """AP and AP50 of every resample.

  Args:
    results: matched detections.
    class_ids: the classes that are averaged; in each resample only those with objects, as COCO does.
    weights: [B, images], how often each image counts. With ones the result is the AP of the images themselves.

  Returns:
    [B, 2] float64: AP and AP50; NaN where no class has an object.
  """
  rows = ranked.of(results)
  sums, measured = np.zeros((len(weights), 2)), np.zeros(len(weights))
  for class_id in class_ids:
    objects = np.zeros(len(weights), np.int64)
    for block in _cut(rows.objects(class_id), len(weights)):
      objects += weights[:, block['image'][block['hits'][:, 0] > 0]].sum(axis=1, dtype=np.int64)
    by_threshold = _class_ap(rows, class_id, weights, objects)
    seen = objects > 0
    sums[:, 0] += np.where(seen, np.mean(by_threshold, axis=0), 0)
    sums[:, 1] += np.where(seen, by_threshold[0], 0)
    measured += seen
  with np.errstate(invalid='ignore', divide='ignore'):
    return np.where(measured[:, None] > 0, sums / measured[:, None], np.nan)


def interval(values: np.ndarray) -> Interval:
  """The interval with the middle 95 % (CONFIDENCE) of `values`; NaN values are left out."""
  values = values[~np.isnan(values)]
  if not len(values):
    return Interval(float('nan'), float('nan'))
  low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
  return Interval(float(low), float(high))


def _drawn(images: int, detections: int, seed: int = 0) -> Iterator[np.ndarray]:
  """The resamples, some at a time."""
  left = int(np.clip(_MOST_WORK // max(detections, 1), _FEWEST, RESAMPLES))
  most = int(np.clip(_HELD // max(images, 1), 1, _HELD_RESAMPLES))
  rng = np.random.default_rng(seed)
  equal = np.full(images, 1 / max(images, 1))
  while left:
    block = np.zeros((min(left, most), images), np.uint16)
    for row in block if images else ():
      row[:] = rng.multinomial(images, equal)
    yield block
    left -= len(block)


def _cut(blocks: Iterable[np.ndarray], resamples: int) -> Iterator[np.ndarray]:
  """The same rows, no more at once than may be computed for so many resamples."""
  most = max(1, _BLOCK // max(resamples, 1))
  for block in blocks:
    for start in range(0, len(block), most):
      yield block[start : start + most]


def _class_ap(rows: Ranked, class_id: int, weights: np.ndarray, objects: np.ndarray) -> list[np.ndarray]:
  """[B] AP of one class at each threshold: the mean of interpolated precision at the 101 recall levels."""
  means = [_Mean(objects) for _ in IOU_THRESHOLDS]
  for block in _cut(rows.detections(class_id), len(weights)):
    drawn = weights[:, block['image']].astype(np.int64)
    passed = np.cumsum(drawn, axis=1)
    hits, ignored = np.ascontiguousarray(block['hits']), np.ascontiguousarray(block['ignored'])
    for t, mean in enumerate(means):
      hit, uncounted = np.flatnonzero(cell(hits, 0, t)), np.flatnonzero(cell(ignored, 0, t))
      not_counted = np.cumsum(np.pad(drawn[:, uncounted], ((0, 0), (1, 0))), axis=1)
      if len(hit):
        before = not_counted[:, np.searchsorted(uncounted, hit)]
        mean.add(np.cumsum(drawn[:, hit], axis=1), passed[:, hit] - before)
      mean.pass_by(passed[:, -1] - not_counted[:, -1])
  return [mean.value() for mean in means]


class _Mean:
  """Mean precision over the 101 recall levels, of B resamples, while hits come, best score first.

  Each hit gives the precision of the levels that it newly reaches. All that is kept is these hits, 101 at most.
  """

  def __init__(self, objects: np.ndarray) -> None:
    """objects: [B]."""
    self._objects = np.maximum(objects, 1)[:, None]
    self._found, self._counted, self._reached = (np.zeros((len(objects), 1), np.int64) for _ in range(3))
    self._hits = 0
    # Of the hits that reach levels: the resample, the number among all hits, how many levels, and their precision.
    self._steps = np.zeros((3, 0), np.int64)
    self._precision = np.zeros(0)

  def add(self, found: np.ndarray, counted: np.ndarray) -> None:
    """Adds further hits.

    Args:
      found: [B, H], hits up to and including each hit, since the last `pass_by`.
      counted: [B, H], detections likewise.
    """
    found = found + self._found
    precision = found / np.maximum(counted + self._counted, 1)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # How many levels each recall reaches. None before the first hit, although the first level is 0.
    reached = np.where(found > 0, np.searchsorted(RECALL_LEVELS, found / self._objects, side='right'), 0)
    steps = np.diff(reached, axis=1, prepend=self._reached)
    resample, place = np.nonzero(steps)
    raised = np.maximum(self._precision, envelope[self._steps[0], 0])
    self._precision = np.concatenate([raised, envelope[resample, place]])
    here = np.stack([resample, self._hits + place, steps[resample, place]])
    self._steps = np.concatenate([self._steps, here], axis=1)
    self._found, self._reached = found[:, -1:], reached[:, -1:]
    self._hits += found.shape[1]

  def pass_by(self, counted: np.ndarray) -> None:
    """Notes that so many detections, [B], were counted since the last `pass_by`."""
    self._counted = self._counted + counted[:, None]

  def value(self) -> np.ndarray:
    """[B] the mean."""
    resample, place, levels = self._steps
    total = np.zeros(len(self._objects))
    for part in np.unique(place // _SUMMED).tolist():
      terms = np.zeros((len(total), min(_SUMMED, self._hits - part * _SUMMED)))
      here = place // _SUMMED == part
      terms[resample[here], place[here] % _SUMMED] = levels[here] * self._precision[here]
      total += terms.sum(axis=1)
    return total / len(RECALL_LEVELS)
