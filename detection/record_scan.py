"""What is known of record files: their digests, the number and size of images, and what is wrong with them."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from detection import records
from detection.base import files, tf_example
from detection.base.errors import DataError

if TYPE_CHECKING:
  import tensorflow as tf

SHOWN = 5  # of each kind of problem, the first so many images are named
_BATCH = 64


@dataclasses.dataclass(frozen=True)
class FileScan:
  """What one pass over a TFRecord file found, or was known when it was written.

  digest: SHA-256, hex, of the length and the checksums of each record, which stand around it in the file. Other content
    has another digest, but for one chance in four billion for each record.
  records: how many examples it holds.
  pixels: of all its images together, as their records say; None if one of them does not say.
  images_of_class: {class name: names of the images of its first SHOWN objects}.
  bad_boxes: a sentence for each of the first SHOWN boxes that are empty, not finite, or outside [0, 1].
  objects: {class name: how many there are}.
  most_objects: of the image that has the most.
  images: {class name: how many images have it}; empty if the file was written before this was counted.
  """

  digest: str
  records: int
  pixels: int | None
  images_of_class: Mapping[str, Sequence[str]]
  bad_boxes: Sequence[str]
  objects: Mapping[str, int] = dataclasses.field(default_factory=dict)
  most_objects: int = 0
  images: Mapping[str, int] = dataclasses.field(default_factory=dict)


Scans = Mapping[str, FileScan]


def scan(paths: Iterable[str], known: Scans | None = None) -> dict[str, FileScan]:
  """{path: FileScan} of these files; those in `known` are not read. Raises DataError as `scan_file`."""
  known = known or {}
  return {path: known[path] if path in known else scan_file(path) for path in paths}


def scan_file(path: str) -> FileScan:
  """Reads an uncompressed TFRecord file of tf.Example once, from start to end.

  Raises:
    DataError: if it is cut short or damaged, or not such a file.
  """
  import tensorflow as tf

  with files.open(path) as file:
    digest, tally = hashlib.sha256(), _Tally()
    try:
      for batch in _batches(_digested(tf_example.read_framed(file), digest)):
        tally.add(batch)
    except (ValueError, tf.errors.InvalidArgumentError) as error:
      reason = str(error).splitlines()[0]
      raise DataError(f'{path}: {reason}. Expected an uncompressed TFRecord file of tf.Example.') from error
  return FileScan(
    digest.hexdigest(),
    tally.records,
    tally.pixels,
    tally.images_of_class,
    tally.bad_boxes[:SHOWN],
    dict(tally.objects),
    tally.most_objects,
    dict(tally.images),
  )


class Writer:
  """Writes serialized examples to a TFRecord file, whose scan is known at the end without reading it.

  Of each class one image is named.

  Attributes:
    size: bytes written.
  """

  def __init__(self, file: IO[bytes]) -> None:
    """file: open for writing bytes, and empty."""
    self._file = file
    self._digest = hashlib.sha256()
    self._tally = _Tally(shown=1)
    self.size = 0

  def write(self, record: bytes, name: str, pixels: int, labels: Sequence[str]) -> None:
    """Appends one example.

    Args:
      record: the example; its boxes are as LabelledBox demands.
      name: of its image.
      pixels: of its image.
      labels: the class name of each object.
    """
    frame = records.write(self._file, record)
    self._digest.update(frame)
    self.size += len(frame) + len(record)
    self._tally.add_image(name, pixels, labels)

  @property
  def scan(self) -> FileScan:
    tally = self._tally
    digest = self._digest.hexdigest()
    objects, images = dict(tally.objects), dict(tally.images)
    return FileScan(digest, tally.records, tally.pixels, tally.images_of_class, [], objects, tally.most_objects, images)


class _Tally:
  """What the images of one file add up to; see FileScan."""

  def __init__(self, shown: int = SHOWN) -> None:
    self._shown = shown
    self.objects: Counter[str] = Counter()
    self.images: Counter[str] = Counter()
    self.most_objects = 0
    self.records = 0
    self.pixels: int | None = 0
    self.images_of_class: dict[str, list[str]] = {}
    self.bad_boxes: list[str] = []

  def add(self, serialized: Sequence[bytes]) -> None:
    import tensorflow as tf

    batch = records.parse_labels(tf.constant(serialized))
    names = [name.decode() for name in batch[records.FILENAME].numpy()]
    sizes = batch[records.HEIGHT].numpy() * batch[records.WIDTH].numpy()
    labels = batch[records.CLASS_TEXT].to_list()
    for name, pixels, found in zip(names, sizes.tolist(), labels, strict=True):
      self.add_image(name, pixels, [label.decode() for label in found])
    self.bad_boxes += itertools.islice(_bad_boxes(batch, names), SHOWN)

  def add_image(self, name: str, pixels: int, labels: Sequence[str]) -> None:
    self.records += 1
    if self.pixels is not None:
      self.pixels = self.pixels + pixels if pixels else None
    self.most_objects = max(self.most_objects, len(labels))
    for label in set(labels):
      self.images[label] += 1
    for label in labels:
      self.objects[label] += 1
      images = self.images_of_class.setdefault(label, [])
      if len(images) < self._shown:
        images.append(name)


def _bad_boxes(batch: Mapping[str, tf.RaggedTensor], names: Sequence[str]) -> Iterator[str]:
  import tensorflow as tf

  ymin, xmin, ymax, xmax = (batch[key].flat_values for key in records.BOX)
  inside = (ymin >= 0) & (xmin >= 0) & (ymax <= 1) & (xmax <= 1) & (ymin < ymax) & (xmin < xmax)
  rows = batch[records.YMIN].value_rowids().numpy()
  for at in tf.where(~inside).numpy()[:, 0]:
    box = [round(float(side[at]), 4) for side in (ymin, xmin, ymax, xmax)]
    yield f'{names[rows[at]]}: box (ymin, xmin, ymax, xmax) {box} is empty or not in [0, 1]'


def _digested(framed: Iterable[tuple[bytes, bytes]], digest: hashlib._Hash) -> Iterator[bytes]:
  """The records; `digest` gets their frames."""
  for frame, record in framed:
    digest.update(frame)
    yield record


def _batches(items: Iterator[bytes]) -> Iterator[list[bytes]]:
  while batch := list(itertools.islice(items, _BATCH)):
    yield batch
