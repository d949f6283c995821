"""What ingestion reads in a data folder, as check-data does: boxes in pixels, splits, refused files and warnings."""

import dataclasses

from components.voc_example_gen import check_data
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker


@dataclasses.dataclass(frozen=True)
class FolderContent:
  """What one folder gives.

  Attributes:
    boxes: {image path: [(class, (xmin, ymin, xmax, ymax) in pixels)]} of every image that is used, boxes sorted.
    split: {image path: split} of the same images.
    refused, set_aside: {file: reason}; of a file that is listed several times, the last reason by the alphabet.
    details: every detail of these, in their order.
    warnings: one sentence each.
    boxes_changed: {rule: count}.
    notes: {note: count}.
    verdict: the sentence that ingestion would fail with, or ''.
  """

  boxes: dict[str, list[tuple[str, tuple[float, ...]]]]
  split: dict[str, str]
  refused: dict[str, str]
  set_aside: dict[str, str]
  details: list[str]
  warnings: list[str]
  boxes_changed: dict[str, int]
  notes: dict[str, int]
  verdict: str


class _Collector:
  """Takes the rows that check-data would write to a table."""

  def __init__(self):
    self.boxes = {}

  def add(self, filename, width, height, boxes):
    self.boxes[filename] = sorted((label, tuple(corners)) for label, corners in boxes)


def read_folder(root, **settings) -> FolderContent:
  """Reads `root` with these IngestSettings.

  Raises:
    DataError: if there is nothing to read.
  """
  chosen = IngestSettings(**settings)
  table = _Collector()
  report, verdict = check_data.run(str(root), chosen, lambda line: None, table)
  _, outcomes, _ = voc_maker.examine(root, **settings)
  listed = [*report['refused'], *report['set_aside']]
  return FolderContent(
    boxes=table.boxes,
    split={image: outcomes[image].split for image in table.boxes},
    refused={entry['file']: entry['reason'] for entry in report['refused']},
    set_aside={entry['file']: entry['reason'] for entry in report['set_aside']},
    details=[entry['detail'] for entry in listed],
    warnings=report['warnings'],
    boxes_changed=report['boxes'],
    notes=report['notes'],
    verdict=verdict,
  )
