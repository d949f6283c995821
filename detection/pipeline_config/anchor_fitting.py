"""Anchors fitted to the boxes of the data, as overrides of the config."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.pipeline_config import anchors
from detection.pipeline_config.sizes import input_shape

# Tried for anchor_scale: an anchor's side in strides of its feature map.
_SCALES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
# A smaller gain in score is not worth a change.
_LEAST_GAIN = 0.005
_SHORTEST_SIDE = 1e-3

Candidate = Mapping[str, float | list[float]]


def fit(config: Config, boxes: np.ndarray) -> dict[str, Any]:
  """Overrides that let more boxes find an anchor.

  Aspect ratios by k-means of log(width / height), scales of grid anchors by k-means of log(side), as many as there are;
  the scale of pyramid anchors by trying. Heads keep their shape, so a checkpoint still fits.

  Args:
    config: with a model.
    boxes: [N, 4] (ymin, xmin, ymax, xmax), in pixels of the model's input.

  Returns:
    {dotted path: value}; empty if nothing better was found.
  """
  found = anchors.kind_and_options(config)
  if found is None or len(boxes) == 0:
    return {}
  kind, _ = found
  best: Candidate = {}
  best_score = _score(config, boxes) + _LEAST_GAIN
  for candidate in _candidates(config, boxes):
    score = _score(_with(config, candidate), boxes)
    if score > best_score:
      best, best_score = candidate, score
  family = families.of(config)
  return {f'model.{family.name}.{family.anchors}.{kind}.{name}': value for name, value in best.items()}


def kmeans(values: np.ndarray, count: int, rounds: int = 100) -> np.ndarray:
  """Centres of `count` clusters of [N] numbers, rising, by Lloyd's algorithm from evenly spaced quantiles.

  With fewer distinct values than clusters, some centres are equal.
  """
  centres = np.quantile(values, (np.arange(count) + 0.5) / count)
  for _ in range(rounds):
    nearest = np.abs(values[:, np.newaxis] - centres).argmin(axis=1)
    moved = np.array([values[nearest == k].mean() if (nearest == k).any() else centres[k] for k in range(count)])
    if np.allclose(moved, centres):
      break
    centres = moved
  return np.sort(centres)


def _candidates(config: Config, boxes: np.ndarray) -> list[Candidate]:
  """Settings of the anchor generator to try, {field: value}."""
  found = anchors.kind_and_options(config)
  if found is None:
    return []
  kind, current = found
  height = np.maximum(boxes[:, 2] - boxes[:, 0], _SHORTEST_SIDE)
  width = np.maximum(boxes[:, 3] - boxes[:, 1], _SHORTEST_SIDE)
  side = np.sqrt(height * width)
  ratios = _rounded(np.exp(kmeans(np.log(width / height), len(current.aspect_ratios))))
  fitted: list[Candidate] = [{'aspect_ratios': ratios}]
  if kind == 'multiscale_anchor_generator':
    return [{**extra, 'anchor_scale': scale} for scale in _SCALES for extra in ({}, *fitted)]
  if kind == 'grid_anchor_generator':
    base = math.sqrt(current.height * current.width)
    scales = _rounded(np.exp(kmeans(np.log(side / base), len(current.scales))))
    return [*fitted, {'aspect_ratios': ratios, 'scales': scales}]
  if not current.scales:
    low, high = _rounded(np.quantile(side / min(input_shape(config)), [0.05, 0.95]))
    return [*fitted, {'aspect_ratios': ratios, 'min_scale': low, 'max_scale': max(high, low + 0.1)}]
  return fitted


def _with(config: Config, candidate: Candidate) -> Config:
  """A copy of `config` with these settings of its anchor generator."""
  trial = Config()
  trial.CopyFrom(config)
  found = anchors.kind_and_options(trial)
  if found is not None:
    for name, value in candidate.items():
      if isinstance(value, list):
        getattr(found[1], name)[:] = value
      else:
        setattr(found[1], name, value)
  return trial


def _score(config: Config, boxes: np.ndarray) -> float:
  """The fraction of boxes that find an anchor; the mean overlap breaks ties."""
  overlap = anchors.best_overlap(config, boxes)
  return 0.0 if overlap is None else float((overlap >= anchors.MATCHED).mean() + 0.1 * overlap.mean())


def _rounded(values: np.ndarray) -> list[float]:
  return [float(f'{value:.3g}') for value in values]
