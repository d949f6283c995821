"""The --suspects part of check-data: reads a data folder twice, once to judge it and once to show what is suspect."""

from __future__ import annotations

import os

from components.voc_example_gen import labelled_images
from components.voc_example_gen.settings import IngestSettings
from detection.base import files
from detection.crops import backbones, objects, suspects, suspects_page

JSON_NAME, PAGE_NAME = 'suspects.json', 'suspects.html'


def run(directory: str, *, model: str, output: str, kind: str = 'logistic') -> suspects.Found:
  """Writes suspects.json and suspects.html to the folder `output`, and prints the surest suspects.

  Args:
    directory: the data folder.
    model: where the features come from, see detection/crops/backbones.py.
    output: a folder.
    kind: of classifier.

  Raises:
    UserError: if the data or the model cannot be read, or there are fewer than two classes.
  """
  settings = IngestSettings()
  backbone = backbones.load(model)
  found = suspects.find(objects.embed(labelled_images.read(directory, settings), backbone), kind)
  shown = {suspect.image for suspect in found.suspects[: suspects_page.MAX_SHOWN]}
  encoded = {image.name: image.encoded for image in labelled_images.read(directory, settings) if image.name in shown}
  title = f'Suspect labels: {os.path.basename(os.path.normpath(directory))}'
  files.write_text(files.join(output, JSON_NAME), suspects.as_json(found))
  files.write_text(files.join(output, PAGE_NAME), suspects_page.render(found, title, encoded))
  print('\n'.join([*suspects.summary(found), f'see {files.join(output, PAGE_NAME)}']), flush=True)
  return found
