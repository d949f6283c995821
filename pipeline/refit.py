"""The refit command: a detector's boxes, named by a classifier that is fitted to a folder of labelled images."""

from __future__ import annotations

import json
import time
from collections import Counter

from tfx.dsl.io import fileio

from components import detector, files
from components.crop_classifier import classifier, objects, two_stage
from components.errors import ConfigError, DataError
from components.label_map_gen import labels as class_ids
from components.odapi import label_map
from components.voc_example_gen.settings import IngestSettings
from pipeline import backbones, labelled

FACTS = 'classifier.json'
_COMPANION = 'pipeline.config'
# How often each labelled object is seen, shifted and mirrored: a handful of images goes further.
_VIEWS = 8


def run(
  model: str,
  data: str,
  output: str,
  *,
  backbone: str | None = None,
  kind: str = 'logistic',
  max_boxes: int = 20,
) -> classifier.LinearHead:
  """Fits a classifier to every labelled object of `data`, and writes a model folder to `output`.

  Args:
    model: the detector, as `predict` takes it; or a model that this command made, of which the classifier alone is
      made anew.
    data: a data folder.
    output: a new folder, laid out as the trainer's model: Format-Serving/, label_map.pbtxt, pipeline.config; beside
      them classifier.json.
    backbone: where features come from, see pipeline/backbones.py; by default the checkpoint in the folder `model`.
    kind: of classifier.
    max_boxes: the best boxes of an image that are named.

  Raises:
    UserError: if anything cannot be read, there are fewer than two classes, or `output` exists.
  """
  if fileio.exists(output):
    raise ConfigError(f'--output: {output} exists. Name a new folder.')
  begun = time.monotonic()
  loaded = two_stage.load(model)
  again = two_stage.is_two_stage(loaded)
  finder = loaded.detector if again else loaded
  frozen = loaded.backbone if again and not backbone else backbones.load(backbone or model)
  seen = objects.embed(labelled.images(data, IngestSettings()), frozen, _VIEWS)
  fitting = time.monotonic()
  head = classifier.fit(seen.features, seen.labels, seen.images, kind)
  fitted = time.monotonic()
  # Ids are kept for life: new classes come after those that the model had.
  labels = class_ids.assign_ids(head.names, detector.read_labels(detector.saved_model_folder(model)) if again else {})
  objects_of = {name: count // _VIEWS for name, count in sorted(Counter(seen.labels.tolist()).items())}
  facts = {'objects': objects_of, 'kind': kind, 'cross_validated_accuracy': head.accuracy}
  with files.whole_directory(output) as folder:
    module = two_stage.TwoStage(finder, frozen, head, labels, max_boxes)
    two_stage.save(module, files.join(folder, 'Format-Serving'))
    files.write_text(files.join(folder, 'label_map.pbtxt'), label_map.dump(labels))
    files.write_text(files.join(folder, _COMPANION), _companion(model))
    files.write_text(files.join(folder, FACTS), json.dumps(facts, indent=2) + '\n')
  print(f'{output}: fitted in {fitted - fitting:.1f} s, written in {time.monotonic() - begun:.1f} s in all', flush=True)
  return head


def _companion(model: str) -> str:
  """The pipeline.config beside the detector: who uses the new model may want to know where its boxes come from."""
  folder = detector.saved_model_folder(model)
  for place in (folder, files.join(folder, '..')):
    if fileio.exists(files.join(place, _COMPANION)):
      return files.read_text(files.join(place, _COMPANION))
  raise DataError(f'{folder}: no {_COMPANION} in it or in the folder above. Expected a trained or pushed model.')
