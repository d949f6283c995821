"""What is compared of a set of images: features, number of objects, confidence; kept in a file, if asked."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import numpy as np

from detection.base import files
from detection.base.errors import DataError
from detection.crops.seen_images import SeenImages

SUFFIX = '.npz'


@dataclasses.dataclass(frozen=True)
class Sample:
  """N images.

  features: float32 [N, D]. objects: int64 [N], detections of a score that counts. confidences: float32 [N], the highest
  score in each, 0 where nothing was found. min_score: from which a detection counts.
  """

  features: np.ndarray
  objects: np.ndarray
  confidences: np.ndarray
  min_score: float

  def __len__(self) -> int:
    return len(self.objects)

  def of(self, rows: np.ndarray) -> Sample:
    """Some of the images."""
    return dataclasses.replace(
      self, features=self.features[rows], objects=self.objects[rows], confidences=self.confidences[rows]
    )


def of_seen(seen: SeenImages, min_score: float) -> Sample:
  """Of images that a detector and a backbone have seen."""
  objects = [len(found.above(min_score)) for found in seen.detections]
  confidences = [found.scores.max(initial=0.0) for found in seen.detections]
  return Sample(seen.features, np.array(objects, np.int64), np.array(confidences, np.float32), min_score)


def write(path: str, sample: Sample) -> None:
  """Keeps a sample in a file of NumPy's .npz format."""
  buffer = io.BytesIO()
  np.savez_compressed(buffer, **vars(sample))
  files.write_bytes(path, buffer.getvalue())


def read(path: str) -> Sample:
  """What `write` wrote.

  Raises:
    DataError: if it is no such file.
  """
  try:
    with np.load(io.BytesIO(files.read_user_file(path)), allow_pickle=False) as content:
      return Sample(content['features'], content['objects'], content['confidences'], float(content['min_score']))
  except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
    raise DataError(f'{path}: no reference that can be read: {error}. Expected what --save-reference wrote.') from error
