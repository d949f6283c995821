"""Boxes whose label a classifier that never saw their image contradicts: likely labelling mistakes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from detection.crops import classifier
from detection.crops.embedded_objects import EmbeddedObjects


@dataclasses.dataclass(frozen=True)
class Suspect:
  """A labelled box that looks like another class.

  image: its path below the data folder. number: index of the box among the image's, from 0. label: as annotated.
  box: (ymin, xmin, ymax, xmax) in [0, 1].
  likely: the class it looks like.
  confidence, label_confidence: the classifier's, in `likely` and in `label`, in [0, 1].
  """

  image: str
  number: int
  label: str
  box: tuple[float, float, float, float]
  likely: str
  confidence: float
  label_confidence: float


@dataclasses.dataclass(frozen=True)
class SuspectReport:
  """What a search for suspects found.

  suspects: in the order of how much more the classifier trusts `likely` than `label`, the most first.
  judged: number of boxes that were judged.
  unjudged_classes: classes that only one image has; their boxes were not judged.
  """

  suspects: tuple[Suspect, ...]
  judged: int
  unjudged_classes: tuple[str, ...]


def find(objects: EmbeddedObjects, kind: str = 'logistic') -> SuspectReport:
  """Judges each box by a classifier fitted on other images.

  Args:
    objects: with one view each.
    kind: of classifier.KINDS.

  Raises:
    DataError: if fewer than two classes are in two images or more.
  """
  counts = classifier.images_per_class(objects.labels, objects.images)
  unjudged = tuple(sorted(label for label, images in counts.items() if images < 2))
  keep = np.flatnonzero(~np.isin(objects.labels, unjudged))
  labels = objects.labels[keep]
  confidences, names = classifier.cross_validated(objects.features[keep], labels, objects.images[keep], kind)
  rows = np.arange(len(keep))
  label_index, likely_index = np.searchsorted(names, labels), confidences.argmax(axis=1)
  of_label, of_likely = confidences[rows, label_index], confidences[rows, likely_index]
  order = np.argsort(of_label - of_likely, kind='stable')
  suspects = []
  for row in order[likely_index[order] != label_index[order]]:
    ymin, xmin, ymax, xmax = (round(float(side), 5) for side in objects.boxes[keep[row]])
    suspects.append(
      Suspect(
        image=str(objects.images[keep[row]]),
        number=int(objects.numbers[keep[row]]),
        label=str(labels[row]),
        box=(ymin, xmin, ymax, xmax),
        likely=str(names[likely_index[row]]),
        confidence=round(float(of_likely[row]), 4),
        label_confidence=round(float(of_label[row]), 4),
      )
    )
  return SuspectReport(tuple(suspects), len(keep), unjudged)


def as_dict(report: SuspectReport) -> dict[str, Any]:
  """The report's part of suspects.json."""
  rows = [
    {
      'image': suspect.image,
      'number': suspect.number,
      'label': suspect.label,
      'box': suspect.box,
      'likely': suspect.likely,
      'share': suspect.confidence,
      'label_share': suspect.label_confidence,
    }
    for suspect in report.suspects
  ]
  return {'boxes': report.judged, 'classes_left_out': report.unjudged_classes, 'suspects': rows}


def summary(report: SuspectReport, most: int = 10) -> Sequence[str]:
  """Lines for the screen: the number of suspects, and the first `most` of them."""
  lines = [f'suspects: {len(report.suspects)} of {report.judged} boxes look like another class']
  for suspect in report.suspects[:most]:
    lines.append(f'  {suspect.image}: box {suspect.number}: {suspect.label}, looks like {suspect.likely}')
  if len(report.suspects) > most:
    lines.append(f'  and {len(report.suspects) - most} more')
  if report.unjudged_classes:
    lines.append(f'not judged, as only one image has them: {", ".join(report.unjudged_classes)}')
  return lines
