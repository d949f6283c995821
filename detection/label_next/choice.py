"""Chooses the images to label next: doubtful ones, far from what is labelled and from each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from detection.crops.seen_images import SeenImages
from detection.label_next import doubt

_BLOCK = 256


@dataclasses.dataclass(frozen=True)
class Chosen:
  """An image to be labelled.

  index: of the image among those seen.
  uncertainty, disagreement: see doubt.py.
  distance: of its features to the nearest image that is labelled or was chosen before; None if there was none.
  value: by which it was chosen.
  """

  index: int
  uncertainty: float
  disagreement: float
  distance: float | None
  value: float


def choose(seen: SeenImages, count: int, labelled: np.ndarray | None = None) -> list[Chosen]:
  """The images to label, the most valuable first.

  The value of an image is the mean of three ranks, each as a part of the images it is above: of its uncertainty, of its
  disagreement with its mirror image, and of its distance to what is labelled or chosen already (as in core-sets, Sener
  and Savarese 2018, arXiv:1708.00489). The last is ranked anew after each choice, so the chosen are unlike each other.

  Args:
    seen: the unlabelled images, seen in the mirror too.
    count: how many are chosen; all of them if there are fewer.
    labelled: features [N, D] of images that are labelled; None where nothing is known of them.
  """
  uncertainty = np.array([doubt.uncertainty(found) for found in seen.detections])
  disagreement = np.array([doubt.disagreement(*views) for views in zip(seen.detections, seen.mirrored, strict=True)])
  doubts = rank(uncertainty) + rank(disagreement)
  features = _scaled(seen.features, labelled)
  distances = np.full(len(seen), np.inf)
  if labelled is not None and len(labelled):
    distances = nearest(features[: len(seen)], features[len(seen) :])
  left = np.ones(len(seen), bool)
  chosen: list[Chosen] = []
  for _ in range(min(count, len(seen))):
    values = (doubts + rank(distances)) / 3
    index = int(np.where(left, values, -1.0).argmax())
    distance = float(distances[index]) if np.isfinite(distances[index]) else None
    chosen.append(Chosen(index, float(uncertainty[index]), float(disagreement[index]), distance, float(values[index])))
    left[index] = False
    distances = np.minimum(distances, nearest(features[: len(seen)], features[index : index + 1]))
  return chosen


def rank(values: np.ndarray) -> np.ndarray:
  """The part of all values that each is above, in [0, 1); equal ones share the least of their ranks."""
  return np.searchsorted(np.sort(values), values, side='left') / max(1, len(values))


def nearest(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
  """The distance of each row, [N, D], to the nearest of the others, [M, D]."""
  found = []
  for start in range(0, len(rows), _BLOCK):
    block = rows[start : start + _BLOCK]
    squares = np.sum(block**2, axis=1)[:, np.newaxis] + np.sum(others**2, axis=1) - 2 * block @ others.T
    found.append(np.sqrt(np.maximum(squares.min(axis=1), 0.0)))
  return np.concatenate(found)


def _scaled(features: np.ndarray, labelled: np.ndarray | None) -> np.ndarray:
  """Features of all images, the labelled ones last, each of equal variance."""
  parts: Sequence[np.ndarray] = [features] if labelled is None or not len(labelled) else [features, labelled]
  joined = np.concatenate(parts).astype(np.float64)
  spread = joined.std(axis=0)
  return joined / np.where(spread > 0, spread, 1.0)
