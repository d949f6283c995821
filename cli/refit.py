"""The refit command: a detector's boxes, named by a classifier that is fitted to a folder of labelled images."""

from __future__ import annotations

import time

from components.label_map_gen import labels as class_ids
from components.voc_example_gen import labelled_images
from components.voc_example_gen.settings import IngestSettings
from detection.base import files
from detection.base.errors import ConfigError
from detection.crops import classifier
from detection.crops import refit as refitting


def run(
  model: str,
  data: str,
  output: str,
  *,
  backbone: str | None = None,
  kind: str = 'logistic',
  max_boxes: int | None = None,
) -> classifier.LinearHead:
  """Fits a classifier to the labelled objects of `data`, and writes a model folder to `output`.

  Args:
    model: the detector, as `predict` takes it; or a two-stage model, of which the classifier alone is made anew.
    data: a data folder.
    output: a new folder, laid out as the trainer's model: Format-Serving/, label_map.pbtxt, pipeline.config; beside
      them classifier.json.
    backbone: where features come from, see detection/crops/backbones.py; by default the checkpoint in the
      folder `model`.
    kind: of classifier.
    max_boxes: the best boxes of an image that are named.

  Raises:
    UserError: if anything cannot be read, there are fewer than two classes, or `output` exists.
  """
  if files.exists(output):
    raise ConfigError(f'--output: {output} exists. Name a new folder.')
  begun = time.monotonic()
  finder = refitting.open_finder(model, backbone)
  fitted = refitting.fit(finder, labelled_images.read(data, IngestSettings()), kind)
  # Ids are kept for life: new classes come after those that the model had.
  labels = class_ids.assign_ids(fitted.head.names, finder.labels)
  with files.whole_directory(output) as folder:
    refitting.write(folder, finder, fitted, labels, max_boxes)
  print(f'{output}: fitted in {fitted.seconds:.1f} s, written in {time.monotonic() - begun:.1f} s in all', flush=True)
  return fitted.head
