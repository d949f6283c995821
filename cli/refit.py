"""`detection-pipeline refit`: names a detector's boxes by a classifier fitted to a folder of labelled images."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from cli.shared import quiet

if TYPE_CHECKING:
  from detection.crops.classifier import LinearHead

HELP = "name a detector's boxes by a classifier fitted to a few labelled images"
ORDER = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('--model', required=True, metavar='DIR', help='the detector, or what refit made before')
  parser.add_argument('--data', required=True, metavar='DIR', help='labelled images')
  parser.add_argument('--output', required=True, metavar='DIR', help='a new model folder')
  parser.add_argument('--backbone', metavar='MODEL', help='a trained model, or weights of a Keras network')
  parser.add_argument('--classifier', choices=('logistic', 'svm'), default='logistic')
  parser.add_argument('--max-boxes', type=int, metavar='N', help='boxes of an image that are named')


def run(args: argparse.Namespace) -> int:
  with quiet.third_party():
    refit(args.model, args.data, args.output, backbone=args.backbone, kind=args.classifier, max_boxes=args.max_boxes)
  return 0


def refit(
  model: str,
  data: str,
  output: str,
  *,
  backbone: str | None = None,
  kind: str = 'logistic',
  max_boxes: int | None = None,
) -> LinearHead:
  """Fits a classifier to the labelled objects of `data`, and writes a model folder to `output`.

  Args:
    model: the detector, as `predict` takes it; or a two-stage model, whose detector is kept and classifier replaced.
    data: a data folder.
    output: a new folder, laid out as the trainer's model: Format-Serving/, label_map.pbtxt, pipeline.config; beside
      them classifier.json.
    backbone: where features come from, see detection/crops/load_backbone.py; by default the detector's own.
    kind: of classifier, 'logistic' or 'svm'.
    max_boxes: how many of an image's boxes are named, best first.

  Raises:
    UserError: if anything cannot be read, there are fewer than two classes, or `output` exists.
  """
  from components.label_map_gen import labels as class_ids
  from components.voc_example_gen.labelled_images import LabelledImages
  from components.voc_example_gen.settings import IngestSettings
  from detection.base import files
  from detection.base.errors import ConfigError
  from detection.crops import refit as refitting

  if files.exists(output):
    raise ConfigError(f'--output: {output} exists. Name a new folder.')
  begun = time.monotonic()
  detector = refitting.load_detector(model, backbone)
  labelled = LabelledImages(data, IngestSettings())
  fitted = refitting.fit(detector, labelled.images(), kind)
  for name, why in labelled.left_out.items():
    print(f'left out: {name}: {why}', file=sys.stderr)
  # Ids are kept for life: new classes come after those that the model had.
  labels = class_ids.assign_ids(fitted.head.names, detector.labels)
  with files.whole_directory(output) as folder:
    refitting.write(folder, detector, fitted, labels, max_boxes)
  print(f'{output}: fitted in {fitted.seconds:.1f} s, written in {time.monotonic() - begun:.1f} s in all', flush=True)
  return fitted.head
