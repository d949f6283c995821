"""What is wrong with the labels of a data folder: swapped classes and the faults that a detector finds."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from detection.crops import suspects
from detection.crops.suspects import SuspectReport
from detection.label_faults.fault import Fault
from detection.label_faults.ranking import LabelFaults

PHRASES = {
  'missing': 'places where a box is likely missing',
  'superfluous': 'boxes where the detector finds nothing',
  'misplaced': 'boxes that are likely badly placed',
}
MAY_HAVE_SEEN = (
  'The model may have been trained on these images, and then it repeats the faults of their labels: '
  'with --folds 3 each image is judged by a detector that has not seen it.'
)


@dataclasses.dataclass(frozen=True)
class LabelReport:
  """What both searches found. A search that could not be made is None, with the reason among `notes`.

  swapped: boxes that look like another class.
  faults: missing, superfluous and badly placed boxes.
  notes: what was not looked for, and why; one sentence each.
  """

  swapped: SuspectReport | None
  faults: LabelFaults | None
  notes: tuple[str, ...] = ()

  def shown(self, most: int) -> set[str]:
    """Names of the images of the first `most` entries of each list."""
    names = {suspect.image for suspect in self.swapped.suspects[:most]} if self.swapped else set()
    ranked = self.faults.ranked.values() if self.faults else ()
    return names | {fault.image for faults in ranked for fault in faults[:most]}


def as_json(report: LabelReport) -> str:
  """The content of suspects.json: that of suspects.as_dict, and `detector` with one list for each kind of fault."""
  content: dict[str, Any] = suspects.as_dict(report.swapped) if report.swapped else {}
  if report.faults:
    faults = report.faults
    content['detector'] = {
      'images': faults.images,
      'boxes': faults.boxes,
      'classes_left_out': faults.unjudged_classes,
      'folds': faults.folds,
      **{kind: [dataclasses.asdict(fault) for fault in ranked] for kind, ranked in faults.ranked.items()},
    }
  content['notes'] = report.notes
  return json.dumps(content, indent=2) + '\n'


def summary(report: LabelReport, most: int = 10) -> list[str]:
  """Lines for the screen: for each kind how many there are, and the first `most` of them."""
  lines = list(suspects.summary(report.swapped, most)) if report.swapped else []
  if report.faults:
    lines += _fault_lines(report.faults, most)
  return [*lines, *report.notes]


def _fault_lines(faults: LabelFaults, most: int) -> list[str]:
  lines = []
  for kind, ranked in faults.ranked.items():
    lines.append(f'{kind}: {len(ranked)} {PHRASES[kind]}, of {faults.boxes} boxes in {faults.images} images')
    lines += [f'  {describe(fault)}' for fault in ranked[:most]]
    if len(ranked) > most:
      lines.append(f'  and {len(ranked) - most} more')
  if faults.unjudged_classes:
    lines.append(f'not judged, as the detector never finds them: {", ".join(faults.unjudged_classes)}')
  if not faults.folds:
    lines.append(MAY_HAVE_SEEN)
  return lines


def describe(fault: Fault) -> str:
  """`a.jpg: box 2: cat`, or where a label is missing `a.jpg: looks like cat at 0.1, 0.2, 0.5, 0.6`."""
  if fault.number is not None:
    return f'{fault.image}: box {fault.number}: {fault.label}'
  corners: Sequence[float] = fault.detected or ()
  return f'{fault.image}: looks like {fault.label} at {", ".join(f"{side:.2f}" for side in corners)}'
