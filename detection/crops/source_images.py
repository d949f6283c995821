"""Images to cut labelled objects from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from detection import records


@dataclasses.dataclass(frozen=True)
class SourceImage:
  """An image and its labelled objects.

  name: its path below the data folder. encoded: JPEG or PNG bytes, upright.
  labels: N class names. boxes: [N, 4], (ymin, xmin, ymax, xmax) in [0, 1].
  """

  name: str
  encoded: bytes
  labels: Sequence[str]
  boxes: np.ndarray

  def keep(self, indices: Sequence[int]) -> SourceImage:
    """The same image with only these of its objects."""
    return dataclasses.replace(self, labels=[self.labels[index] for index in indices], boxes=self.boxes[list(indices)])


def until_enough(images: Iterable[SourceImage], totals: Mapping[str, int], most: int) -> Iterator[SourceImage]:
  """The first images that together have `most` objects of each class, or all that there are.

  Args:
    images: not read any further.
    totals: {class name: objects in all images}.
    most: 1 or more.
  """
  lacking = {label: min(count, most) for label, count in totals.items()}
  for image in images:
    yield image
    for label in image.labels:
      lacking[label] = lacking.get(label, 0) - 1
    if all(count <= 0 for count in lacking.values()):
      return


def from_records(paths: Sequence[str]) -> Iterator[SourceImage]:
  """Reads uncompressed TFRecord files of tf.Example in the order of `paths`, one record at a time."""
  return parsed(records.read(paths))


def parsed(serialized: Iterable[bytes]) -> Iterator[SourceImage]:
  """The images of serialized examples, one at a time."""
  for record in serialized:
    example = records.parse(record)
    yield SourceImage(example.name, example.encoded, example.labels, example.boxes)
