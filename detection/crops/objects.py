"""Labelled objects as feature vectors: cut out of their images, seen by a frozen backbone."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from detection.crops.backbone import Backbone
from detection.odapi.model.export import decode

# A box is widened by this share of its sides: what is around an object helps to name it, and found boxes are not exact.
_MARGIN = 0.1
_BATCH = 64


@dataclasses.dataclass(frozen=True)
class LabelledImage:
  """An image and what is labelled in it.

  name: below the data folder. encoded: JPEG or PNG bytes, upright.
  labels: class names, N. boxes: [N, 4], (ymin, xmin, ymax, xmax) in [0, 1].
  """

  name: str
  encoded: bytes
  labels: Sequence[str]
  boxes: np.ndarray


@dataclasses.dataclass(frozen=True)
class Objects:
  """N labelled objects.

  images: names, N. numbers: each one's place among the boxes of its image, from 0, [N].
  labels: class names, N. boxes: [N, 4] as in LabelledImage. features: [N, D] float32.
  """

  images: np.ndarray
  numbers: np.ndarray
  labels: np.ndarray
  boxes: np.ndarray
  features: np.ndarray


def embed(
  images: Iterable[LabelledImage], backbone: Backbone, views: int = 1, seed: int = 0, most: int | None = None
) -> Objects:
  """Features of every labelled object.

  Args:
    images: read one by one; only a batch of crops is held.
    backbone: the frozen one.
    views: times an object is seen; after the first, shifted by up to a tenth of its sides and mirrored at random, as a
      detector's boxes are never the labelled ones. Each view is an object of its own in what is returned.
    seed: of shifts and mirrors.
    most: so many objects of a class, the first ones; all if not given.
  """
  rng = np.random.default_rng(seed)
  rows, features = [], []
  for some in _batches(_crops(_first_of_each(images, most), int(backbone.size), views, rng)):
    rows += [row for row, _ in some]
    features.append(backbone.embed(tf.stack([crop for _, crop in some])).numpy())
  names, numbers, labels, boxes = zip(*rows, strict=True) if rows else ((), (), (), ())
  return Objects(
    np.array(names, object),
    np.array(numbers, np.int64),
    np.array(labels, object),
    np.array(boxes, np.float32).reshape(-1, 4),
    np.concatenate(features) if features else np.zeros((0, 0), np.float32),
  )


def cut(image: tf.Tensor, boxes: tf.Tensor, size: int) -> tf.Tensor:
  """Crops float32 [N, size, size, 3] in 0..255 of boxes [N, 4] in an image uint8 [H, W, 3]; a margin around each."""
  low, high = boxes[:, :2], boxes[:, 2:]
  margin = (high - low) * _MARGIN
  wider = tf.clip_by_value(tf.concat([low - margin, high + margin], axis=1), 0.0, 1.0)
  return tf.image.crop_and_resize(
    tf.cast(image, tf.float32)[tf.newaxis], wider, tf.zeros(tf.shape(boxes)[:1], tf.int32), [size, size]
  )


def _first_of_each(images: Iterable[LabelledImage], most: int | None) -> Iterator[LabelledImage]:
  """The images with no more boxes than so many of each class."""
  taken: Counter[str] = Counter()
  for image in images:
    keep = []
    for number, label in enumerate(image.labels):
      taken[label] += 1
      if most is None or taken[label] <= most:
        keep.append(number)
    yield dataclasses.replace(image, labels=[image.labels[n] for n in keep], boxes=image.boxes[keep])


def _crops(
  images: Iterable[LabelledImage], size: int, views: int, rng: np.random.Generator
) -> Iterator[tuple[tuple[str, int, str, np.ndarray], tf.Tensor]]:
  for image in images:
    if not len(image.boxes):
      continue
    pixels = decode(tf.constant(image.encoded))
    for view in range(views):
      boxes = np.asarray(image.boxes, np.float32)
      crops = cut(pixels, _shifted(boxes, rng) if view else boxes, size)
      if view and rng.random() < 0.5:
        crops = crops[:, :, ::-1]
      for number, (label, box) in enumerate(zip(image.labels, boxes, strict=True)):
        yield (image.name, number, label, box), crops[number]


def _shifted(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
  return np.clip(boxes + rng.uniform(-0.1, 0.1, boxes.shape) * sides, 0, 1).astype(np.float32)


def _batches(crops: Iterator) -> Iterator[list]:
  some = []
  for crop in crops:
    some.append(crop)
    if len(some) == _BATCH:
      yield some
      some = []
  if some:
    yield some
