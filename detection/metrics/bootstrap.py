"""Confidence intervals of AP: percentile bootstrap over images.

Every resample draws as many images as there are, with replacement; a drawn image brings all its objects and detections.
Two models are compared on the same resamples, so that images hard for both do not widen the interval.

Reference: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from detection.metrics.coco import RECALL_LEVELS
from detection.metrics.matching import IOU_THRESHOLDS, cell
from detection.metrics.results import Results

RESAMPLES = 1000
CONFIDENCE = 0.95
# Detections times resamples that are computed at once: some 100 MB.
_BLOCK = 2_000_000
# Detections times resamples at most: of more detections fewer resamples are drawn. Their interval is narrow anyway.
_MOST_WORK = 100_000_000
_FEWEST = 100


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
    [resamples, images] int64: how often each image is drawn.
  """
  count = int(np.clip(_MOST_WORK // max(detections, 1), _FEWEST, RESAMPLES))
  rng = np.random.default_rng(seed)
  return rng.multinomial(images, np.full(images, 1 / images), size=count) if images else np.zeros((count, 0), np.int64)


def resampled_ap(results: Results, class_ids: Sequence[int], weights: np.ndarray) -> np.ndarray:
  """AP and AP50 of every resample.

  Args:
    results: matched detections.
    class_ids: the classes that are averaged; in each resample only those with objects, as COCO does.
    weights: [B, images], how often each image counts. With ones the result is the AP of the images themselves.

  Returns:
    [B, 2] float64: AP and AP50; NaN where no class has an object.
  """
  sums, measured = np.zeros((len(weights), 2)), np.zeros(len(weights))
  for class_id in class_ids:
    mine = (results.object_class == class_id) & results.object_counted[:, 0]
    objects = weights @ np.bincount(results.object_image[mine], minlength=len(results.names))
    rows = np.flatnonzero(results.classes == class_id)
    rows = rows[np.argsort(-results.scores[rows], kind='stable')]
    by_threshold = [_class_ap(results, rows, t, weights, objects) for t in range(len(IOU_THRESHOLDS))]
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


def _class_ap(results: Results, rows: np.ndarray, t: int, weights: np.ndarray, objects: np.ndarray) -> np.ndarray:
  """[B] AP of one class at one threshold: the mean of interpolated precision at the 101 recall levels."""
  valid = ~cell(results.ignored[rows], 0, t)
  hit = cell(results.hits[rows], 0, t)
  last = np.flatnonzero(hit)[-1:] + 1  # detections after the last hit change neither recall nor the precision there
  if not len(last):
    return np.zeros(len(weights))
  end = last[0]
  rows, hit = rows[:end][valid[:end]], hit[:end][valid[:end]]
  images, hits = results.image[rows], np.flatnonzero(hit)
  values = np.zeros(len(weights))
  step = max(1, _BLOCK // len(rows))
  for start in range(0, len(weights), step):
    block = weights[start : start + step]
    counted = np.cumsum(block[:, images], axis=1)[:, hits]
    found = np.cumsum(block[:, images[hits]], axis=1)
    values[start : start + step] = _interpolated_mean(found, counted, objects[start : start + step])
  return values


def _interpolated_mean(found: np.ndarray, counted: np.ndarray, objects: np.ndarray) -> np.ndarray:
  """[B] mean precision over the 101 recall levels: each hit gives the precision of the levels that it newly reaches.

  Args:
    found: [B, H], hits up to and including each hit.
    counted: [B, H], detections up to and including each hit.
    objects: [B].
  """
  precision = found / np.maximum(counted, 1)
  envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
  recall = found / np.maximum(objects, 1)[:, None]
  # How many levels each recall reaches. None before the first hit, although the first level is 0.
  reached = np.where(found > 0, np.searchsorted(RECALL_LEVELS, recall, side='right'), 0)
  return np.sum(np.diff(reached, axis=1, prepend=0) * envelope, axis=1) / len(RECALL_LEVELS)
