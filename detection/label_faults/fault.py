"""One likely fault of a label."""

from __future__ import annotations

import dataclasses

import numpy as np

Box = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Fault:
  """A label that is likely wrong, or a place where one is likely missing.

  image: its path below the data folder.
  number: index of the label among the image's, from 0; None where a label is missing.
  label: class name: as annotated, or as detected where a label is missing.
  box: of the label, (ymin, xmin, ymax, xmax) in [0, 1]; None where a label is missing.
  detected: where the detector finds the object, likewise; None where it finds nothing.
  score: how likely it is a fault, in [0, 1]. Each kind defines its own; scores of two kinds do not compare.
  """

  image: str
  number: int | None
  label: str
  box: Box | None
  detected: Box | None
  score: float


def rounded(box: np.ndarray) -> Box:
  """The corners as numbers for a file."""
  ymin, xmin, ymax, xmax = (round(float(side), 5) for side in box)
  return ymin, xmin, ymax, xmax
