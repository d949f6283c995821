"""Detections: the objects that a model found in one image."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np


@dataclasses.dataclass(frozen=True)
class Detections:
  """The objects that a model found in one image. A Detector gives them with the highest score first.

  boxes: [M, 4] float32, (ymin, xmin, ymax, xmax) in [0, 1] of the upright image.
  classes: [M] int64, ids of the label map, from 1.
  scores: [M] float32 in [0, 1].
  names: M class names, or none where only ids matter. A class that the label map does not name is its number.
  """

  boxes: np.ndarray
  classes: np.ndarray
  scores: np.ndarray
  names: tuple[str, ...] = ()

  def __len__(self) -> int:
    return len(self.scores)

  def above(self, score: float) -> Detections:
    """The detections with at least this score."""
    return self.where(self.scores >= score)

  def of(self, names: Collection[str]) -> Detections:
    """The detections of the classes with these names; all of them if no name is given."""
    return self.where(np.array([name in names for name in self.names], bool)) if names else self

  def with_ids(self, labels: Mapping[str, int]) -> Detections:
    """The detections whose name is in `labels`, {name: id}, with the ids of `labels` as their classes."""
    classes = np.array([labels.get(name, 0) for name in self.names], np.int64)
    return dataclasses.replace(self, classes=classes).where(classes > 0)

  def where(self, keep: np.ndarray) -> Detections:
    """The detections where `keep`, [M] bool, is true."""
    names = tuple(name for name, kept in zip(self.names, keep, strict=True) if kept) if self.names else ()
    return Detections(self.boxes[keep], self.classes[keep], self.scores[keep], names)
