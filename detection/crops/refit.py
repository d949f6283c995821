"""Fits the classifier of a two-stage model to labelled images; detector and backbone stay as they are."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from detection import model_folder
from detection.base import files
from detection.crops import classifier, load_backbone, two_stage
from detection.crops.embedded_objects import embed
from detection.crops.features import Backbone
from detection.crops.source_images import SourceImage
from detection.odapi import label_map
from detection.odapi.model.export import Limits

_FEWEST_BOXES, _MOST_BOXES = 20, 100
# How often each labelled object is seen, shifted and mirrored: a handful of images goes further.
_VIEWS = 8
# Objects of a class that are used: more of them hardly change a linear classifier, and all are held in memory.
MOST_OF_CLASS = 200


@dataclasses.dataclass(frozen=True)
class FrozenDetector:
  """The parts of a two-stage model that are not fitted.

  model: the detector's SavedModel, loaded.
  backbone: makes the classifier's features.
  labels: {class name: id} of the two-stage model that these parts come from; empty if they come from a plain detector.
  config: text of the detector's pipeline.config, which goes along with the new model.
  """

  model: Any
  backbone: Backbone
  labels: Mapping[str, int]
  config: str


@dataclasses.dataclass(frozen=True)
class FittedClassifier:
  """A classifier, and what it was fitted to.

  kind: of classifier.KINDS.
  objects: {class name: number of labelled objects}.
  most_in_an_image: objects of the image that has the most.
  seconds: that the fit took, without the features.
  """

  head: classifier.LinearHead
  kind: str
  objects: Mapping[str, int]
  most_in_an_image: int
  seconds: float


def load_detector(path: str, backbone: str | None = None) -> FrozenDetector:
  """Loads a detector; of a two-stage model, the detector inside it.

  Args:
    path: as Detector takes it.
    backbone: where features come from, see load_backbone.load; by default the detector's own.

  Raises:
    UserError: if either cannot be read.
  """
  folder = model_folder.find_saved_model(path)
  config = model_folder.read_pipeline_config(folder)
  loaded = two_stage.load(folder)
  if not two_stage.is_two_stage(loaded):
    return FrozenDetector(loaded, load_backbone.load(backbone or path), {}, config)
  frozen = load_backbone.load(backbone) if backbone else loaded.backbone
  return FrozenDetector(loaded.detector, frozen, model_folder.read_labels(folder), config)


def fit(detector: FrozenDetector, images: Iterable[SourceImage], kind: str = 'logistic') -> FittedClassifier:
  """Fits a classifier to the labelled objects, the first 200 of each class.

  Raises:
    DataError: if there are fewer than two classes.
  """
  counted = _CountingObjects(images)
  objects = embed(counted, detector.backbone, _VIEWS, most=MOST_OF_CLASS)
  begun = time.monotonic()
  head = classifier.fit(objects.features, objects.labels, objects.images, kind)
  numbers = {name: count // _VIEWS for name, count in sorted(Counter(objects.labels.tolist()).items())}
  return FittedClassifier(head, kind, numbers, counted.most_in_an_image, time.monotonic() - begun)


def default_max_boxes(fitted: FittedClassifier) -> int:
  """As many boxes as the image with the most objects has, but 20 at least and 100 at most."""
  return min(max(_FEWEST_BOXES, fitted.most_in_an_image), _MOST_BOXES)


def write(
  folder: str,
  detector: FrozenDetector,
  fitted: FittedClassifier,
  labels: Mapping[str, int],
  max_boxes: int | None = None,
  limits: Limits | None = None,
) -> None:
  """Writes a two-stage model's folder, laid out as a trained one: see detection/model_folder.py.

  Args:
    folder: new, or an artifact's.
    detector: finds.
    fitted: names.
    labels: {class name: id}, at least of the classifier's names.
    max_boxes: the best so many boxes of an image are named; default_max_boxes if not given.
    limits: of the model's detections.
  """
  most = max_boxes or default_max_boxes(fitted)
  module = two_stage.TwoStage(detector.model, detector.backbone, fitted.head, labels, most, limits)
  facts = {
    'objects': dict(fitted.objects),
    'kind': fitted.kind,
    'cross_validated_accuracy': fitted.head.accuracy,
    'max_boxes': most,
  }
  with files.whole_directory(model_folder.serving(folder)) as serving:
    two_stage.save(module, serving)
  files.write_text(files.join(folder, model_folder.LABEL_MAP), label_map.dump(labels))
  files.write_text(files.join(folder, model_folder.PIPELINE_CONFIG), detector.config)
  files.write_text(files.join(folder, model_folder.CLASSIFIER), json.dumps(facts, indent=2) + '\n')


class _CountingObjects:
  """Passes images on, and counts the objects of the one that has the most."""

  def __init__(self, images: Iterable[SourceImage]) -> None:
    self._images, self.most_in_an_image = images, 0

  def __iter__(self) -> Iterator[SourceImage]:
    for image in self._images:
      self.most_in_an_image = max(self.most_in_an_image, len(image.boxes))
      yield image
