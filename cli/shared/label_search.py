"""Looks for wrong labels in a data folder, and writes what is found as a file and as a page."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from typing import TYPE_CHECKING

from detection.base.errors import ConfigError, DataError

if TYPE_CHECKING:
  from components.voc_example_gen.labelled_images import LabelledImages
  from detection.crops.embedded_objects import EmbeddedObjects
  from detection.label_faults.ranking import LabelFaults
  from detection.label_faults.report import LabelReport

SUSPECTS_JSON, SUSPECTS_PAGE = 'suspects.json', 'suspects.html'


@dataclasses.dataclass(frozen=True)
class Judges:
  """The models that judge labels.

  model: a trained model or a backbone, see detection/crops/load_backbone.py. Features come from it, and if it is a
    detector, it judges boxes too.
  folds: if not 0, so many detectors are fine-tuned from the model, and each judges the images it was not trained on.
  steps: training steps of each of them.
  kind: of classifier for swapped classes, 'logistic' or 'svm'.
  most: images that are judged; if there are more, a sample of so many.
  """

  model: str
  folds: int = 0
  steps: int = 500
  kind: str = 'logistic'
  most: int = 20_000


def find_suspects(directory: str, judges: Judges, output: str) -> LabelReport:
  """Writes suspects.json and suspects.html to the folder `output`, and prints the surest suspects.

  The images are read three times: for swapped classes, for the faults of boxes, and for the pictures on the page.

  Args:
    directory: the data folder.
    judges: the models.
    output: a folder.

  Raises:
    UserError: if the data or the model cannot be read, or neither search is possible: for swapped classes it takes two
      classes in two images each, for the others a detector that knows one of the classes.
  """
  from components.voc_example_gen.labelled_images import LabelledImages
  from components.voc_example_gen.settings import IngestSettings
  from detection.base import files
  from detection.crops import source_images
  from detection.label_faults import folds, page, report

  if judges.folds:
    folds.read_start(judges.model)  # a model without a checkpoint is refused before anything is read
  labelled = LabelledImages(directory, IngestSettings(), judges.most)
  found = _search(labelled, judges)
  names = found.shown(page.MAX_SHOWN)
  images = source_images.parsed(labelled.records())
  encoded = {image.name: image.encoded for image in images if image.name in names}
  title = f'Suspect labels: {os.path.basename(os.path.normpath(directory))}'
  files.write_text(files.join(output, SUSPECTS_JSON), report.as_json(found))
  files.write_text(files.join(output, SUSPECTS_PAGE), page.render(found, title, encoded))
  print('\n'.join([*report.summary(found), f'see {files.join(output, SUSPECTS_PAGE)}']), flush=True)
  return found


def _search(labelled: LabelledImages, judges: Judges) -> LabelReport:
  from detection.crops import load_backbone, source_images, suspects
  from detection.crops.embedded_objects import embed
  from detection.label_faults.report import LabelReport

  images = source_images.parsed(labelled.records())
  objects = embed(images, load_backbone.load(judges.model))
  too_few_classes: DataError | None = None
  swapped = None
  try:
    swapped = suspects.find(objects, judges.kind)
  except DataError as error:
    too_few_classes = error
  faults, why_not = _by_folds(labelled, judges) if judges.folds else _by_model(labelled, judges.model, objects)
  if faults is None and too_few_classes:
    raise too_few_classes
  notes = [f'Swapped classes were not looked for: {too_few_classes}'] if too_few_classes else []
  if labelled.count < labelled.total:
    notes.append(f'{labelled.count} of {labelled.total} images were judged, a sample.')
  notes += [f'Missing, superfluous and badly placed boxes were not looked for: {why_not}'] if why_not else []
  return LabelReport(swapped, faults, tuple(notes))


def _by_folds(labelled: LabelledImages, judges: Judges) -> tuple[LabelFaults | None, str]:
  """(the faults that detectors trained on other images find, '')"""
  from detection.label_faults import folds, ranking

  start = folds.read_start(judges.model)
  with tempfile.TemporaryDirectory() as folder:
    dealt = folds.deal(labelled.records(), judges.folds, folder)
    judged = folds.judge_unseen(dealt, start, judges.steps, folder)
    return ranking.rank(judged, dealt.labels, judges.folds), ''


def _by_model(labelled: LabelledImages, model: str, objects: EmbeddedObjects) -> tuple[LabelFaults | None, str]:
  """(the faults that the model itself finds, ''); (None, the reason) if it is no detector of these classes."""
  from detection import records
  from detection.inference.detector import Detector
  from detection.label_faults import ranking
  from detection.label_faults.judged_image import judge

  try:
    detector = Detector(model)
  except (ConfigError, DataError) as error:
    return None, str(error)
  if not set(objects.labels.tolist()) & set(detector.labels):
    return None, f'{model} knows none of the classes. It knows {", ".join(sorted(detector.labels))}.'
  examples = map(records.parse, labelled.records())
  return ranking.rank(judge(examples, detector), detector.labels), ''
