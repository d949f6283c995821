"""Labelled objects as feature vectors: cut out of their images, then seen by a frozen backbone."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from detection.crops.cropping import crop
from detection.crops.features import Backbone
from detection.crops.source_images import SourceImage
from detection.odapi.model.preparation import decode

_BATCH = 64
# In the views after the first, a box is shifted by up to this fraction of its sides.
_SHIFT = 0.1


@dataclasses.dataclass(frozen=True)
class EmbeddedObjects:
  """N labelled objects.

  images: names of their images [N]. numbers: index of each object among those of its image, from 0, int64 [N].
  labels: class names [N]. boxes: float32 [N, 4], as in SourceImage. features: float32 [N, D].
  """

  images: np.ndarray
  numbers: np.ndarray
  labels: np.ndarray
  boxes: np.ndarray
  features: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Crop:
  """One view of one object. pixels: float32 [size, size, 3] in 0..255; the rest as in EmbeddedObjects."""

  image: str
  number: int
  label: str
  box: np.ndarray
  pixels: tf.Tensor


def embed(
  images: Iterable[SourceImage], backbone: Backbone, views: int = 1, seed: int = 0, most: int | None = None
) -> EmbeddedObjects:
  """Features of every labelled object.

  Args:
    images: read one by one; only a batch of crops is held.
    backbone: the frozen one.
    views: how often an object is seen; after the first time, shifted by up to a tenth of its sides and mirrored at
      random, as a detector's boxes are never the labelled ones. Each view is an object of its own in the result.
    seed: of shifts and mirrors.
    most: only the first so many objects of each class; all by default.
  """
  rng = np.random.default_rng(seed)
  if most is not None:
    images = _first_of_each_class(images, most)
  rows, features = [], []
  for batch in _batches(_crops(images, int(backbone.size), views, rng)):
    rows += [(one.image, one.number, one.label, one.box) for one in batch]
    features.append(backbone.embed(tf.stack([one.pixels for one in batch])).numpy())
  names, numbers, labels, boxes = zip(*rows, strict=True) if rows else ((), (), (), ())
  return EmbeddedObjects(
    np.array(names, object),
    np.array(numbers, np.int64),
    np.array(labels, object),
    np.array(boxes, np.float32).reshape(-1, 4),
    np.concatenate(features) if features else np.zeros((0, 0), np.float32),
  )


def _first_of_each_class(images: Iterable[SourceImage], most: int) -> Iterator[SourceImage]:
  """The images without the objects after the first `most` of their class."""
  taken: Counter[str] = Counter()
  for image in images:
    kept = []
    for number, label in enumerate(image.labels):
      taken[label] += 1
      if taken[label] <= most:
        kept.append(number)
    yield image.keep(kept)


def _crops(images: Iterable[SourceImage], size: int, views: int, rng: np.random.Generator) -> Iterator[_Crop]:
  for image in images:
    if not len(image.boxes):
      continue
    pixels = decode(tf.constant(image.encoded))
    boxes = np.asarray(image.boxes, np.float32)
    for view in range(views):
      cut = crop(pixels, _shifted(boxes, rng) if view else boxes, size)
      if view and rng.random() < 0.5:
        cut = cut[:, :, ::-1]
      for number, (label, box) in enumerate(zip(image.labels, boxes, strict=True)):
        yield _Crop(image.name, number, label, box, cut[number])


def _shifted(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
  return np.clip(boxes + rng.uniform(-_SHIFT, _SHIFT, boxes.shape) * sides, 0, 1).astype(np.float32)


def _batches(crops: Iterator[_Crop]) -> Iterator[list[_Crop]]:
  while batch := list(itertools.islice(crops, _BATCH)):
    yield batch
