"""Matched detections of some images, as columns: what workers write of a portion of all images.

A detection takes about 45 bytes, so 2,000 images with 100 detections each take some 9 MB.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from detection.detections import Detections
from detection.metrics.matching import AREA_RANGES, GroundTruth, match


@dataclasses.dataclass(frozen=True)
class Results:
  """Columns over I images, G labelled objects and N detections, in the order of the images.

  names: [I] str, sorted and unique.
  widths, heights: [I] int32, pixels.
  object_image: [G] int32, index of the object's image.
  object_class: [G] int32.
  object_box: [G, 4] float32, as in GroundTruth.
  object_difficult, object_crowd: [G] bool.
  object_counted: [G, 4] bool, as in Matches.
  image: [N] int32, index of the detection's image. Within an image, detections with higher scores come first.
  classes: [N] int32.
  scores: [N] float64.
  ranks, hits, ignored: as in Matches.
  boxes: [N, 4] float32, as in Detections.
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


@dataclasses.dataclass(frozen=True)
class Image:
  """One labelled image: its name, its size in pixels, and its ground truth."""

  name: str
  width: int
  height: int
  ground_truth: GroundTruth


def of_image(image: Image, detections: Detections) -> Results:
  """The Results of one image."""
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


def merge(parts: Iterable[Results]) -> Results:
  """Joins parts into one, in the order of image names, so it does not matter which worker had which image.

  Raises:
    ValueError: if an image is in two parts.
  """
  parts = list(parts)
  if not parts:
    return empty()
  columns = {field.name: _joined(parts, field.name) for field in dataclasses.fields(Results)}
  order = np.argsort(columns['names'], kind='stable')
  names = columns['names'][order]
  twice = names[1:][names[1:] == names[:-1]]
  if len(twice):
    raise ValueError(f'{twice[0]}: the image is in two parts')
  return _reordered(columns, order)


def empty() -> Results:
  """Results of no images."""
  nothing = GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, bool))
  columns = of_image(Image('', 1, 1, nothing), Detections(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0)))
  return dataclasses.replace(columns, names=columns.names[:0], widths=columns.widths[:0], heights=columns.heights[:0])


def select(results: Results, images: np.ndarray) -> Results:
  """The Results of some images only. images: their indices, ascending and unique."""
  columns = {field.name: getattr(results, field.name) for field in dataclasses.fields(Results)}
  return _reordered(columns, np.asarray(images, np.int64))


def each(results: Results) -> Iterator[tuple[Image, Detections, slice, slice]]:
  """Goes through the images in order.

  Yields:
    (the image, its detections with the best score first, the rows of its objects, the rows of its detections).
  """
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
  """The images with the indices `order`, in that order. Rows within an image keep their order."""
  new_index = np.full(len(columns['names']), -1, np.int64)
  new_index[order] = np.arange(len(order))
  taken = {name: columns[name][order] for name in ('names', 'widths', 'heights')}
  for index, prefix in (('object_image', 'object_'), ('image', '')):
    image = new_index[columns[index]]
    rows = np.argsort(image, kind='stable')[np.count_nonzero(image < 0) :]
    for name in columns:
      if name not in taken and name.startswith('object_') == bool(prefix):
        taken[name] = columns[name][rows]
    taken[index] = image[rows].astype(np.int32)
  return Results(**taken)
