"""COCO's matching of one image's detections to its ground truth, for all IoU thresholds and object sizes at once.

The rules are those of pycocotools' COCOeval.evaluateImg, whose C code computes the IoU here too; the loops over area
ranges, thresholds and ground truth are arrays instead. Only detections that overlap something of their own class are
looked at one by one.

Reference: https://github.com/cocodataset/cocoapi/blob/master/PythonAPI/pycocotools/cocoeval.py
"""

import dataclasses

import numpy as np
from pycocotools import mask as coco_mask

from detection.detections import Detections

# Params.setDetParams of COCOeval.
IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
AREA_NAMES = ('all', 'small', 'medium', 'large')
AREA_RANGES = np.array([[0, 1e5**2], [0, 32**2], [32**2, 96**2], [96**2, 1e5**2]])  # square pixels
MAX_DETECTIONS = 100  # per image and class

_CELLS = len(AREA_RANGES) * len(IOU_THRESHOLDS)
_REACHED_MOST = 1 - 1e-10  # as COCOeval: an IoU of 1 that rounding made smaller still counts
_REACHED = np.minimum(IOU_THRESHOLDS, _REACHED_MOST)


@dataclasses.dataclass(frozen=True)
class GroundTruth:
  """An image's labelled objects.

  boxes: [G, 4] float32, (ymin, xmin, ymax, xmax) in [0, 1].
  classes: [G] int64, ids of the label map.
  difficult: [G] bool. Such an object is neither asked for nor held against any detection that falls on it.
  crowd: [G] bool. As difficult, and overlap is measured against the detection's own area (COCO's `iscrowd`).
  """

  boxes: np.ndarray
  classes: np.ndarray
  difficult: np.ndarray
  crowd: np.ndarray


@dataclasses.dataclass(frozen=True)
class Matches:
  """How the detections of one image fared, at most MAX_DETECTIONS a class, in falling order of score.

  order: [N] indices into the image's detections.
  ranks: [N] uint8, place within the image and class, from 0.
  hits, ignored: [N, 5] uint8, bits of [4 area ranges x 10 IoU thresholds] (see `cell`): hit an object that counts;
    counts neither way. Neither bit: a false positive.
  counted: [G, 4] bool, whether an object counts in an area range.
  """

  order: np.ndarray
  ranks: np.ndarray
  hits: np.ndarray
  ignored: np.ndarray
  counted: np.ndarray


def cell(bits: np.ndarray, area: int, threshold: int) -> np.ndarray:
  """One bit of `hits` or `ignored`, [N] bool: area range `area` of AREA_NAMES, `threshold` of IOU_THRESHOLDS."""
  index = area * len(IOU_THRESHOLDS) + threshold
  return (bits[:, index // 8] >> (7 - index % 8) & 1).astype(bool)


def match(ground_truth: GroundTruth, detections: Detections, width: int, height: int) -> Matches:
  """Matches one image's detections to its objects, greedily by score, each class on its own.

  Args:
    ground_truth: labelled objects.
    detections: what the model found.
    width, height: of the image in pixels; COCO's small, medium and large are areas in pixels.
  """
  order = np.argsort(-detections.scores, kind='stable')
  ranks = _ranks(detections.classes[order])
  order, ranks = order[ranks < MAX_DETECTIONS], ranks[ranks < MAX_DETECTIONS]
  detected, labelled = pixels(detections.boxes[order], width, height), pixels(ground_truth.boxes, width, height)
  uncounted = _outside(labelled) | ground_truth.difficult | ground_truth.crowd
  overlap = overlaps(detected, labelled, detections.classes[order], ground_truth)
  given = _assign(overlap, uncounted, ground_truth, _REACHED)
  hits, ignored = _fate(given, uncounted)
  ignored |= (given < 0) & _outside(detected).T[:, :, None]
  return Matches(
    order=order,
    ranks=ranks.astype(np.uint8),
    hits=np.packbits(hits.reshape(len(order), _CELLS), axis=1),
    ignored=np.packbits(ignored.reshape(len(order), _CELLS), axis=1),
    counted=~uncounted.T,
  )


def assign(ground_truth: GroundTruth, detections: Detections, width: int, height: int, iou: float) -> np.ndarray:
  """The same matching at any one IoU, objects of all sizes.

  Args:
    ground_truth, width, height: as in `match`.
    detections: detections in falling order of score.
    iou: the least overlap that matches, in (0, 1].

  Returns:
    [D] int: the index of the object that each detection was given; -1 for none.
  """
  detected, labelled = pixels(detections.boxes, width, height), pixels(ground_truth.boxes, width, height)
  uncounted = (ground_truth.difficult | ground_truth.crowd)[None]
  reached = np.minimum(np.array([iou]), _REACHED_MOST)
  overlap = overlaps(detected, labelled, detections.classes, ground_truth)
  return _assign(overlap, uncounted, ground_truth, reached)[:, 0, 0]


def _assign(overlap: np.ndarray, uncounted: np.ndarray, ground_truth: GroundTruth, least: np.ndarray) -> np.ndarray:
  """Gives each detection, best score first, the object of its own that it overlaps most and that is still free.

  An object that counts goes before one that does not, whatever the overlap. Of equal overlaps the later object wins.

  Args:
    overlap: [D, G]. uncounted: [areas, G] bool. least: [thresholds], the overlap that matches.

  Returns:
    [D, areas, thresholds] int32: the object's index; -1 for none.
  """
  shape = (len(uncounted), len(least))
  given = np.full((len(overlap), *shape), -1, np.int32)
  taken = np.zeros((*shape, overlap.shape[1]), bool)
  reusable = ground_truth.difficult | ground_truth.crowd
  area, threshold = np.indices(shape)
  near = overlap >= least[0]
  for index in np.flatnonzero(near.any(axis=1)):
    objects = np.flatnonzero(near[index])
    objects = objects[np.argsort(overlap[index, objects], kind='stable')]
    reached = overlap[index, objects] >= least[:, None]
    free = reached & (~taken[:, :, objects] | reusable[objects])
    counting = free & ~uncounted[:, None, objects]
    pool = np.where(counting.any(axis=2, keepdims=True), counting, free)
    matched = pool.any(axis=2)
    chosen = objects[len(objects) - 1 - pool[:, :, ::-1].argmax(axis=2)]
    taken[area[matched], threshold[matched], chosen[matched]] = True
    given[index] = np.where(matched, chosen, -1)
  return given


def _fate(given: np.ndarray, uncounted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Whether a detection hit an object that counts, or fell on one that does not; [D, areas, thresholds] bool each."""
  if not uncounted.shape[1]:
    return np.zeros(given.shape, bool), np.zeros(given.shape, bool)
  on_uncounted = np.take_along_axis(uncounted[None], np.maximum(given, 0), axis=2)
  return (given >= 0) & ~on_uncounted, (given >= 0) & on_uncounted


def overlaps(
  detected: np.ndarray, labelled: np.ndarray, classes: np.ndarray | None, ground_truth: GroundTruth
) -> np.ndarray:
  """IoU [D, G] of pixel boxes by pycocotools' own C code; 0 where the classes differ, unless `classes` is None."""
  if not len(detected) or not len(labelled):
    return np.zeros((len(detected), len(labelled)))
  overlap = coco_mask.iou(detected, labelled, ground_truth.crowd.astype(np.uint8))
  return overlap if classes is None else np.where(classes[:, None] == ground_truth.classes, overlap, 0)


def pixels(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
  """(ymin, xmin, ymax, xmax) in [0, 1] to COCO's (x, y, width, height) in pixels, float64."""
  ymin, xmin, ymax, xmax = boxes.astype(np.float64).reshape(-1, 4).T
  return np.stack([xmin * width, ymin * height, (xmax - xmin) * width, (ymax - ymin) * height], axis=1)


def _outside(boxes: np.ndarray) -> np.ndarray:
  """Whether a box's area lies outside each range; [areas, boxes] bool. Both ends belong to a range."""
  area = boxes[:, 2] * boxes[:, 3]
  return (area < AREA_RANGES[:, :1]) | (area > AREA_RANGES[:, 1:])


def _ranks(classes: np.ndarray) -> np.ndarray:
  """Place of each detection among those of its class, from 0, in the order given."""
  by_class = np.argsort(classes, kind='stable')
  grouped = classes[by_class]
  first = np.searchsorted(grouped, grouped)
  ranks = np.empty(len(classes), np.int64)
  ranks[by_class] = np.arange(len(classes)) - first
  return ranks
