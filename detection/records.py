"""The tf.Example contract: the features of a training record, and how records are written, read and checked.

One record is one image: a serialized tf.train.Example with the keys of the OD API's TfExampleDecoder, in an
uncompressed TFRecord file. Class ids are left out: the label map is made from the names. Writing needs no TensorFlow;
what reads imports it when it is called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from detection.base import local_copies, tf_example
from detection.base.errors import DataError

if TYPE_CHECKING:
  import tensorflow as tf

ENCODED = 'image/encoded'
FORMAT = 'image/format'
HEIGHT = 'image/height'
WIDTH = 'image/width'
FILENAME = 'image/filename'
SOURCE_ID = 'image/source_id'
SHA256 = 'image/key/sha256'
YMIN = 'image/object/bbox/ymin'
XMIN = 'image/object/bbox/xmin'
YMAX = 'image/object/bbox/ymax'
XMAX = 'image/object/bbox/xmax'
BOX = (YMIN, XMIN, YMAX, XMAX)
CLASS_TEXT = 'image/object/class/text'
DIFFICULT = 'image/object/difficult'
TRUNCATED = 'image/object/truncated'
VIEW = 'image/object/view'
# Read, but not written: COCO's crowd regions come from records made elsewhere.
IS_CROWD = 'image/object/is_crowd'


@dataclasses.dataclass(frozen=True)
class LabelledBox:
  """One object: corners as fractions of the image's sides, in [0, 1], exact in float32, with ymin < ymax, xmin < xmax.

  view: Pascal VOC's pose, such as 'Frontal'.
  """

  label: str
  ymin: float
  xmin: float
  ymax: float
  xmax: float
  difficult: bool = False
  truncated: bool = False
  view: str = ''


@dataclasses.dataclass(frozen=True)
class LabelledImage:
  """One image to be written.

  encoded: the content of a JPEG or PNG file.
  format: 'jpeg' or 'png'.
  height, width: of the decoded image, in pixels.
  name: its path below the data folder; stored as file name and as source id.
  sha256: hex digest of the original file.
  """

  encoded: bytes
  format: str
  height: int
  width: int
  name: str
  boxes: Sequence[LabelledBox]
  sha256: str = ''


@dataclasses.dataclass(frozen=True)
class Example:
  """One record as read.

  name: the source id; the file name if there is none.
  encoded: the content of the image file.
  height, width: in pixels; 0 if the record does not say.
  boxes: float32 [N, 4], (ymin, xmin, ymax, xmax) in [0, 1].
  labels: N class names.
  difficult, crowd: bool [N]; all False if the record does not say.
  """

  name: str
  encoded: bytes
  height: int
  width: int
  boxes: np.ndarray
  labels: list[str]
  difficult: np.ndarray
  crowd: np.ndarray

  def check_complete(self, where: str) -> None:
    """Raises DataError, beginning with `where`, if the size is missing or boxes and labels differ in number."""
    if not (self.width and self.height) or len(self.boxes) != len(self.labels):
      raise DataError(
        f'{where}: {self.name}: not a complete example: size {self.width} x {self.height}, {len(self.boxes)} boxes, '
        f'{len(self.labels)} classes.'
      )


def serialize(image: LabelledImage) -> bytes:
  """The record of one image; equal images give equal bytes."""
  boxes, name = image.boxes, image.name.encode('utf-8', 'replace')
  return tf_example.serialize(
    {
      ENCODED: ('bytes', [image.encoded]),
      FORMAT: ('bytes', [image.format.encode()]),
      HEIGHT: ('int64', [image.height]),
      WIDTH: ('int64', [image.width]),
      FILENAME: ('bytes', [name]),
      SOURCE_ID: ('bytes', [name]),
      SHA256: ('bytes', [image.sha256.encode()]),
      YMIN: ('float', [box.ymin for box in boxes]),
      XMIN: ('float', [box.xmin for box in boxes]),
      YMAX: ('float', [box.ymax for box in boxes]),
      XMAX: ('float', [box.xmax for box in boxes]),
      CLASS_TEXT: ('bytes', [box.label.encode() for box in boxes]),
      DIFFICULT: ('int64', [int(box.difficult) for box in boxes]),
      TRUNCATED: ('int64', [int(box.truncated) for box in boxes]),
      VIEW: ('bytes', [box.view.encode() for box in boxes]),
    }
  )


def write(file: tf_example.Writable, record: bytes) -> bytes:
  """Appends a serialized example to an uncompressed TFRecord file, open for writing; returns its frame."""
  return tf_example.write_record(file, record)


def read(paths: Sequence[str]) -> Iterator[bytes]:
  """The serialized examples of uncompressed TFRecord files, in the order of the paths.

  A file is opened, or copied from where TensorFlow cannot read it, when its turn comes.
  """
  import tensorflow as tf

  for path in paths:
    yield from tf.data.TFRecordDataset(local_copies.readable(path)).as_numpy_iterator()


def parse(record: bytes) -> Example:
  """Reads one serialized example.

  Raises:
    DataError: if it holds no image, or a class name that is no UTF-8 text.
  """
  features = _features(record)
  names = _bytes(features, SOURCE_ID) or _bytes(features, FILENAME) or [b'']
  encoded = _bytes(features, ENCODED)
  if not encoded:
    raise DataError(f'examples: {names[0].decode(errors="replace")}: no {ENCODED}. Expected a tf.Example of one image.')
  labels = _labels(features)
  corners = [features[key].float_list.value if key in features else [] for key in BOX]
  height, width = (list(features[key].int64_list.value) if key in features else [] for key in (HEIGHT, WIDTH))
  return Example(
    name=names[0].decode(),
    encoded=encoded[0],
    height=height[0] if height else 0,
    width=width[0] if width else 0,
    boxes=np.array(corners, np.float32).reshape(4, -1).T,
    labels=labels,
    difficult=_flags(features, DIFFICULT, len(labels)),
    crowd=_flags(features, IS_CROWD, len(labels)),
  )


def class_names(record: bytes) -> list[str]:
  """The class name of each object of one serialized example.

  Raises:
    DataError: if a name is no UTF-8 text.
  """
  return _labels(_features(record))


def parse_labels(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
  """Names, sizes and objects of a batch, without its images.

  Args:
    serialized: string [N], serialized examples.

  Returns:
    FILENAME: string [N], '' if missing; HEIGHT and WIDTH: int64 [N], pixels, 0 if missing; CLASS_TEXT: ragged string
    [N, objects]; each key of BOX: ragged float32 [N, objects].
  """
  import tensorflow as tf

  features = {
    FILENAME: tf.io.FixedLenFeature([], tf.string, ''),
    HEIGHT: tf.io.FixedLenFeature([], tf.int64, 0),
    WIDTH: tf.io.FixedLenFeature([], tf.int64, 0),
    CLASS_TEXT: tf.io.RaggedFeature(tf.string),
    **{key: tf.io.RaggedFeature(tf.float32) for key in BOX},
  }
  return tf.io.parse_example(serialized, features)


def parse_encoded(serialized: tf.Tensor) -> tf.Tensor:
  """The encoded images, string [N], of serialized examples, string [N]."""
  import tensorflow as tf

  return tf.io.parse_example(serialized, {ENCODED: tf.io.FixedLenFeature([], tf.string)})[ENCODED]


def _features(record: bytes) -> Mapping:
  import tensorflow as tf

  return tf.train.Example.FromString(record).features.feature


def _bytes(features: Mapping, key: str) -> list[bytes]:
  return list(features[key].bytes_list.value) if key in features else []


def _labels(features: Mapping) -> list[str]:
  names = _bytes(features, CLASS_TEXT)
  for name in names:
    try:
      name.decode('utf-8')
    except UnicodeDecodeError as error:
      raise DataError(f'examples: {CLASS_TEXT} holds {name!r}. Expected UTF-8 text.') from error
  return [name.decode('utf-8') for name in names]


def _flags(features: Mapping, key: str, count: int) -> np.ndarray:
  values = np.array(features[key].int64_list.value if key in features else [], bool)
  return values if len(values) == count else np.zeros(count, bool)
