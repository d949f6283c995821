"""A two-stage model from a detector and labelled images: the classifier is fitted, nothing is trained."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from detection import model_folder
from detection.base import files
from detection.crops import backbones, classifier, objects, two_stage
from detection.crops.backbone import Backbone
from detection.crops.objects import LabelledImage
from detection.odapi import label_map
from detection.odapi.model.export import Limits

FEWEST_BOXES, MOST_BOXES = 20, 100
# How often each labelled object is seen, shifted and mirrored: a handful of images goes further.
_VIEWS = 8
# Objects of a class that are looked at: more of them hardly change a linear classifier, and all are held in memory.
_MOST_OF_CLASS = 200


@dataclasses.dataclass(frozen=True)
class Finder:
  """What finds, and what it is seen with.

  model: a SavedModel that has been loaded. backbone: a Backbone, or one that has been loaded.
  labels: {class name: id} that an earlier fit has given; empty if the model is no two-stage one.
  config: text of the pipeline.config beside it: who uses what is made of it may want to know where boxes come from.
  """

  model: Any
  backbone: Backbone
  labels: Mapping[str, int]
  config: str


@dataclasses.dataclass(frozen=True)
class Fitted:
  """A classifier, how many objects of each class it was fitted to, the most in one image, and the seconds it took."""

  head: classifier.LinearHead
  kind: str
  objects: Mapping[str, int]
  fullest: int
  seconds: float


def open_finder(path: str, backbone: str | None = None) -> Finder:
  """Loads a detector, or takes over the one inside a two-stage model.

  Args:
    path: as Detector takes it.
    backbone: where features come from, see backbones.load; by default the detector's own.

  Raises:
    UserError: if either cannot be read.
  """
  folder = model_folder.find_saved_model(path)
  config = model_folder.read_pipeline_config(folder)
  loaded = two_stage.load(folder)
  if not two_stage.is_two_stage(loaded):
    return Finder(loaded, backbones.load(backbone or path), {}, config)
  frozen = backbones.load(backbone) if backbone else loaded.backbone
  return Finder(loaded.detector, frozen, model_folder.read_labels(folder), config)


def fit(finder: Finder, images: Iterable[LabelledImage], kind: str = 'logistic') -> Fitted:
  """Fits a classifier to the labelled objects, the first 200 of each class.

  Raises:
    DataError: if there are fewer than two classes.
  """
  counted = _Counted(images)
  seen = objects.embed(counted, finder.backbone, _VIEWS, most=_MOST_OF_CLASS)
  begun = time.monotonic()
  head = classifier.fit(seen.features, seen.labels, seen.images, kind)
  numbers = {name: count // _VIEWS for name, count in sorted(Counter(seen.labels.tolist()).items())}
  return Fitted(head, kind, numbers, counted.fullest, time.monotonic() - begun)


def write(
  folder: str,
  finder: Finder,
  fitted: Fitted,
  labels: Mapping[str, int],
  max_boxes: int | None = None,
  limits: Limits | None = None,
) -> None:
  """Writes a model folder: Format-Serving/, label_map.pbtxt, pipeline.config, classifier.json.

  Args:
    folder: new, or an artifact's.
    finder: what finds.
    fitted: what names.
    labels: {class name: id}, of all names of the classifier at least.
    max_boxes: so many boxes of an image are named; by default 20, or as many as the fullest image has, up to 100.
    limits: of what is given out.
  """
  most = max_boxes or min(max(FEWEST_BOXES, fitted.fullest), MOST_BOXES)
  module = two_stage.TwoStage(finder.model, finder.backbone, fitted.head, labels, most, limits)
  facts = {
    'objects': dict(fitted.objects),
    'kind': fitted.kind,
    'cross_validated_accuracy': fitted.head.accuracy,
    'max_boxes': most,
  }
  with files.whole_directory(model_folder.serving(folder)) as serving:
    two_stage.save(module, serving)
  files.write_text(files.join(folder, model_folder.LABEL_MAP), label_map.dump(labels))
  files.write_text(files.join(folder, model_folder.PIPELINE_CONFIG), finder.config)
  files.write_text(files.join(folder, model_folder.CLASSIFIER), json.dumps(facts, indent=2) + '\n')


class _Counted:
  """Passes images on and remembers the most objects in one of them."""

  def __init__(self, images: Iterable[LabelledImage]) -> None:
    self._images, self.fullest = images, 0

  def __iter__(self) -> Iterator[LabelledImage]:
    for image in self._images:
      self.fullest = max(self.fullest, len(image.boxes))
      yield image
