"""Matched detections of many images, as columns: what workers write, what is merged, what every metric is made from.

About 45 bytes a detection, so that 10,000 images of 100 detections are some 45 MB.
"""

import dataclasses
import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from detection.base import files
from detection.detections import Detections
from detection.metrics.matching import AREA_RANGES, GroundTruth, match


@dataclasses.dataclass(frozen=True)
class Results:
  """Columns over images, objects and detections.

  names: [I] str, image names, sorted and unique. widths, heights: [I] int32, pixels.
  object_*: one row per labelled object: index of its image, class id, box (as in GroundTruth), difficult, crowd,
    counted [4 area ranges].
  *: one row per detection, images in order, scores falling within an image: image index, class id, score, rank, box,
    hits and ignored as in Matches.
  """

  names: np.ndarray
  widths: np.ndarray
  heights: np.ndarray
  object_image: np.ndarray
  object_class: np.ndarray
  object_box: np.ndarray
  object_difficult: np.ndarray
  object_crowd: np.ndarray
  object_counted: np.ndarray
  image: np.ndarray
  classes: np.ndarray
  scores: np.ndarray
  ranks: np.ndarray
  boxes: np.ndarray
  hits: np.ndarray
  ignored: np.ndarray

  def save(self, uri: str) -> None:
    """Writes an .npz that appears whole."""
    buffer = io.BytesIO()
    np.savez(buffer, **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)})
    files.write_bytes(uri, buffer.getvalue())


@dataclasses.dataclass(frozen=True)
class Image:
  """One image's name, size in pixels, and what is labelled in it."""

  name: str
  width: int
  height: int
  ground_truth: GroundTruth


def of_image(image: Image, detections: Detections) -> Results:
  """Matches one image and lays it out as columns."""
  matches = match(image.ground_truth, detections, image.width, image.height)
  objects, detected = len(image.ground_truth.classes), len(matches.order)
  return Results(
    names=np.array([image.name]),
    widths=np.array([image.width], np.int32),
    heights=np.array([image.height], np.int32),
    object_image=np.zeros(objects, np.int32),
    object_class=image.ground_truth.classes.astype(np.int32),
    object_box=image.ground_truth.boxes.astype(np.float32).reshape(-1, 4),
    object_difficult=image.ground_truth.difficult,
    object_crowd=image.ground_truth.crowd,
    object_counted=matches.counted.reshape(-1, len(AREA_RANGES)),
    image=np.zeros(detected, np.int32),
    classes=detections.classes[matches.order].astype(np.int32),
    scores=detections.scores[matches.order].astype(np.float64),
    ranks=matches.ranks,
    boxes=detections.boxes[matches.order].astype(np.float32).reshape(-1, 4),
    hits=matches.hits,
    ignored=matches.ignored,
  )


def read(uri: str) -> Results:
  """Reads what `save` wrote."""
  import tensorflow as tf

  with tf.io.gfile.GFile(uri, 'rb') as file, np.load(io.BytesIO(file.read()), allow_pickle=False) as columns:
    return Results(**columns)


def merge(parts: Iterable[Results]) -> Results:
  """Joins parts into one, in the order of image names: the same whatever worker saw which image.

  Raises:
    ValueError: if an image stands in two parts.
  """
  parts = list(parts)
  if not parts:
    return empty()
  columns = {field.name: _joined(parts, field.name) for field in dataclasses.fields(Results)}
  order = np.argsort(columns['names'], kind='stable')
  names = columns['names'][order]
  twice = names[1:][names[1:] == names[:-1]]
  if len(twice):
    raise ValueError(f'{twice[0]}: the image stands in two parts')
  return _reordered(columns, order)


def empty() -> Results:
  """No images."""
  nothing = GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, bool))
  columns = of_image(Image('', 1, 1, nothing), Detections(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0)))
  return dataclasses.replace(columns, names=columns.names[:0], widths=columns.widths[:0], heights=columns.heights[:0])


def select(results: Results, images: np.ndarray) -> Results:
  """The images whose indices are given, ascending and unique: a slice."""
  columns = {field.name: getattr(results, field.name) for field in dataclasses.fields(Results)}
  return _reordered(columns, np.asarray(images, np.int64))


def each(results: Results) -> Iterator[tuple[Image, Detections, slice, slice]]:
  """Every image with its detections in falling order of score, and the rows of its objects and detections."""
  images = np.arange(len(results.names) + 1)
  objects = np.searchsorted(results.object_image, images)
  detections = np.searchsorted(results.image, images)
  for index, name in enumerate(results.names.tolist()):
    labelled, detected = slice(*objects[index : index + 2]), slice(*detections[index : index + 2])
    ground_truth = GroundTruth(
      results.object_box[labelled],
      results.object_class[labelled],
      results.object_difficult[labelled],
      results.object_crowd[labelled],
    )
    image = Image(name, int(results.widths[index]), int(results.heights[index]), ground_truth)
    found = Detections(results.boxes[detected], results.classes[detected], results.scores[detected])
    yield image, found, labelled, detected


def _joined(parts: Sequence[Results], column: str) -> np.ndarray:
  if column not in ('image', 'object_image'):
    return np.concatenate([getattr(part, column) for part in parts])
  starts = np.cumsum([0] + [len(part.names) for part in parts[:-1]])
  return np.concatenate([getattr(part, column) + start for part, start in zip(parts, starts, strict=True)])


def _reordered(columns: dict[str, np.ndarray], order: np.ndarray) -> Results:
  """Takes the images of `order` in that order, and their rows with them, which keep theirs."""
  place = np.full(len(columns['names']), -1, np.int64)
  place[order] = np.arange(len(order))
  taken = {name: columns[name][order] for name in ('names', 'widths', 'heights')}
  for index, prefix in (('object_image', 'object_'), ('image', '')):
    image = place[columns[index]]
    rows = np.argsort(image, kind='stable')[np.count_nonzero(image < 0) :]
    for name in columns:
      if name not in taken and name.startswith('object_') == bool(prefix):
        taken[name] = columns[name][rows]
    taken[index] = image[rows].astype(np.int32)
  return Results(**taken)
