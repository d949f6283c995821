"""The labelled boxes of a split, as arrays: what a config is checked against."""

import dataclasses
import itertools

import numpy as np
import tensorflow as tf

from detection import records
from detection.base import files

_BATCH = 256


@dataclasses.dataclass(frozen=True)
class SplitBoxes:
  """The boxes of a split's first images.

  boxes: [N, 4] float32, (ymin, xmin, ymax, xmax) in [0, 1].
  names: [N] class names.
  heights, widths: [N] int64, of each box's image, in pixels.
  images: how many images were read.
  most: the most boxes in one image.
  """

  boxes: np.ndarray
  names: np.ndarray
  heights: np.ndarray
  widths: np.ndarray
  images: int
  most: int


def read(pattern: str, limit: int = 5000) -> SplitBoxes:
  """Reads boxes from uncompressed TFRecord files of tf.Example with the OD API decoder's keys; no image is decoded.

  Args:
    pattern: glob pattern of the files.
    limit: how many images are read.
  """
  some = itertools.islice(records.read(files.glob(pattern)), limit)
  batches = []
  while serialized := list(itertools.islice(some, _BATCH)):
    batches.append(records.parse_labels(tf.constant(serialized)))
  counts = [batch[records.CLASS_TEXT].row_lengths().numpy() for batch in batches]
  return SplitBoxes(
    boxes=np.stack([_flat(batches, key, np.float32) for key in records.BOX], axis=1),
    names=np.array([name.decode() for name in _flat(batches, records.CLASS_TEXT, object)], dtype=object),
    heights=_repeated(batches, records.HEIGHT, counts),
    widths=_repeated(batches, records.WIDTH, counts),
    images=sum(len(count) for count in counts),
    most=int(max((count.max() for count in counts if len(count)), default=0)),
  )


def _flat(batches: list[dict], key: str, kind: type) -> np.ndarray:
  values = [batch[key].flat_values.numpy().astype(kind) for batch in batches]
  return np.concatenate(values) if values else np.zeros([0], dtype=kind)


def _repeated(batches: list[dict], key: str, counts: list[np.ndarray]) -> np.ndarray:
  values = [np.repeat(batch[key].numpy(), count) for batch, count in zip(batches, counts, strict=True)]
  return np.concatenate(values) if values else np.zeros([0], dtype=np.int64)
