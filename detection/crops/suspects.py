"""Boxes whose label a classifier that never saw their image contradicts: likely labelling mistakes, surest first."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from detection.crops import classifier
from detection.crops.objects import Objects


@dataclasses.dataclass(frozen=True)
class Suspect:
  """A labelled box that looks like another class.

  image: below the data folder. number: of the box among the image's, from 0. label: as it stands there.
  box: (ymin, xmin, ymax, xmax) in [0, 1].
  likely: the class it looks like. share, label_share: what the classifier gives to that and to the label, in [0, 1].
  """

  image: str
  number: int
  label: str
  box: tuple[float, float, float, float]
  likely: str
  share: float
  label_share: float


@dataclasses.dataclass(frozen=True)
class Found:
  """suspects: surest first. looked_at: boxes that were judged. alone: classes left out, as one image alone has them."""

  suspects: tuple[Suspect, ...]
  looked_at: int
  alone: tuple[str, ...]


def find(objects: Objects, kind: str = 'logistic') -> Found:
  """Judges each box by a classifier fitted on other images.

  Raises:
    DataError: if fewer than two classes are in two images or more.
  """
  counts = classifier.images_per_class(objects.labels, objects.images)
  alone = tuple(sorted(label for label, images in counts.items() if images < 2))
  keep = np.flatnonzero(~np.isin(objects.labels, alone))
  labels = objects.labels[keep]
  shares, names = classifier.cross_validated(objects.features[keep], labels, objects.images[keep], kind)
  given = np.searchsorted(names, labels)
  likely = shares.argmax(axis=1)
  rows = np.arange(len(keep))
  surest = np.argsort(shares[rows, given] - shares[rows, likely], kind='stable')
  suspects = [
    Suspect(
      image=str(objects.images[keep[row]]),
      number=int(objects.numbers[keep[row]]),
      label=str(labels[row]),
      box=tuple(round(float(side), 5) for side in objects.boxes[keep[row]]),
      likely=str(names[likely[row]]),
      share=round(float(shares[row, likely[row]]), 4),
      label_share=round(float(shares[row, given[row]]), 4),
    )
    for row in surest
    if likely[row] != given[row]
  ]
  return Found(tuple(suspects), len(keep), alone)


def as_json(found: Found) -> str:
  content: Mapping[str, Any] = {
    'boxes': found.looked_at,
    'classes_left_out': list(found.alone),
    'suspects': [dataclasses.asdict(suspect) for suspect in found.suspects],
  }
  return json.dumps(content, indent=2) + '\n'


def summary(found: Found, most: int = 10) -> Sequence[str]:
  """Lines for the screen: how many, and the surest ones."""
  lines = [f'suspects: {len(found.suspects)} of {found.looked_at} boxes look like another class']
  for suspect in found.suspects[:most]:
    lines.append(f'  {suspect.image}: box {suspect.number}: {suspect.label}, looks like {suspect.likely}')
  if len(found.suspects) > most:
    lines.append(f'  and {len(found.suspects) - most} more')
  if found.alone:
    lines.append(f'not judged, as only one image has them: {", ".join(found.alone)}')
  return lines
