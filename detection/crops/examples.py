"""Labelled images out of TFRecord files with the OD API decoder's keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from detection.crops.objects import LabelledImage

_SIDES = ('ymin', 'xmin', 'ymax', 'xmax')


def images(paths: Sequence[str]) -> Iterator[LabelledImage]:
  """Reads uncompressed TFRecord files of tf.Example, one record at a time.

  Args:
    paths: read in this order.
  """
  for record in tf.data.TFRecordDataset(list(paths)).as_numpy_iterator():
    feature = tf.train.Example.FromString(record).features.feature
    sides = [feature[f'image/object/bbox/{side}'].float_list.value for side in _SIDES]
    yield LabelledImage(
      name=_bytes(feature, 'image/filename').decode(),
      encoded=_bytes(feature, 'image/encoded'),
      labels=[name.decode() for name in feature['image/object/class/text'].bytes_list.value],
      boxes=np.array(sides, np.float32).reshape(4, -1).T,
    )


def _bytes(feature: dict[str, tf.train.Feature], key: str) -> bytes:
  return feature[key].bytes_list.value[0]
