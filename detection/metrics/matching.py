"""COCO's matching of one image's detections to its ground truth, for all IoU thresholds and object sizes at once.

The rules are those of pycocotools' COCOeval.evaluateImg, and its C code computes the IoU. Its loops over area ranges,
thresholds and ground truth are array operations here; only over detections that overlap an object of their own class
there is a loop.

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
  """The labelled objects of one image.

  boxes: [G, 4] float32, (ymin, xmin, ymax, xmax) in [0, 1].
  classes: [G] int64, ids of the label map.
  difficult: [G] bool. A difficult object need not be found, and a detection of it counts neither way.
  crowd: [G] bool. As difficult; in addition overlap is measured against the detection's own area (COCO's `iscrowd`).
  """

  boxes: np.ndarray
  classes: np.ndarray
  difficult: np.ndarray
  crowd: np.ndarray


@dataclasses.dataclass(frozen=True)
class Matches:
  """The detections of one image after matching, best score first; at most MAX_DETECTIONS of a class.

  order: [N] int64, indices into the image's detections.
  ranks: [N] uint8, position among the detections of the same image and class, from 0.
  hits: [N, 5] uint8, 4 area ranges x 10 IoU thresholds as bits (see `cell`): the detection hits an object that counts.
  ignored: [N, 5] uint8, bits as in hits: the detection counts neither way. With neither bit it is a false positive.
  counted: [G, 4] bool, whether an object counts in an area range.
  """

  order: np.ndarray
  ranks: np.ndarray
  hits: np.ndarray
  ignored: np.ndarray
  counted: np.ndarray


def cell(bits: np.ndarray, area: int, threshold: int) -> np.ndarray:
  """One bit of every detection's `hits` or `ignored`.

  Args:
    bits: [N, 5] uint8, as in Matches.
    area: index into AREA_NAMES.
    threshold: index into IOU_THRESHOLDS.

  Returns:
    [N] bool.
  """
  index = area * len(IOU_THRESHOLDS) + threshold
  return (bits[:, index // 8] >> (7 - index % 8) & 1).astype(bool)


def match(ground_truth: GroundTruth, detections: Detections, width: int, height: int) -> Matches:
  """Matches one image's detections to its objects, greedily by score, each class on its own.

  Args:
    ground_truth: labelled objects.
    detections: what the model found.
    width, height: of the image, in pixels; COCO's area ranges are in square pixels.
  """
  order = np.argsort(-detections.scores, kind='stable')
  ranks = _ranks(detections.classes[order])
  order, ranks = order[ranks < MAX_DETECTIONS], ranks[ranks < MAX_DETECTIONS]
  detected, labelled = pixels(detections.boxes[order], width, height), pixels(ground_truth.boxes, width, height)
  uncounted = _outside(labelled) | ground_truth.difficult | ground_truth.crowd
  overlap = overlaps(detected, labelled, detections.classes[order], ground_truth)
  assigned = _assign(overlap, uncounted, ground_truth, _REACHED)
  hits, ignored = _hits_and_ignored(assigned, uncounted)
  ignored |= (assigned < 0) & _outside(detected).T[:, :, None]
  return Matches(
    order=order,
    ranks=ranks.astype(np.uint8),
    hits=np.packbits(hits.reshape(len(order), _CELLS), axis=1),
    ignored=np.packbits(ignored.reshape(len(order), _CELLS), axis=1),
    counted=~uncounted.T,
  )


def assign(ground_truth: GroundTruth, detections: Detections, width: int, height: int, iou: float) -> np.ndarray:
  """The matching of `match` at any one IoU, for objects of all sizes.

  Args:
    ground_truth, width, height: as in `match`.
    detections: detections in falling order of score.
    iou: the least overlap that matches, in (0, 1].

  Returns:
    [D] int32: the index of the object that each detection is assigned; -1 for none.
  """
  detected, labelled = pixels(detections.boxes, width, height), pixels(ground_truth.boxes, width, height)
  uncounted = (ground_truth.difficult | ground_truth.crowd)[None]
  reached = np.minimum(np.array([iou]), _REACHED_MOST)
  overlap = overlaps(detected, labelled, detections.classes, ground_truth)
  return _assign(overlap, uncounted, ground_truth, reached)[:, 0, 0]


def _assign(overlap: np.ndarray, uncounted: np.ndarray, ground_truth: GroundTruth, least: np.ndarray) -> np.ndarray:
  """Assigns to each detection, best score first, the free object of its class that it overlaps most.

  Objects that count are preferred to those that do not, whatever the overlap. Of equal overlaps the later object wins.
  Difficult objects and crowds stay free.

  Args:
    overlap: [D, G] IoU, 0 where the classes differ.
    uncounted: [areas, G] bool, objects that do not count.
    ground_truth: the objects.
    least: [thresholds], the least overlap that matches, ascending.

  Returns:
    [D, areas, thresholds] int32: the object's index; -1 for none.
  """
  shape = (len(uncounted), len(least))
  assigned = np.full((len(overlap), *shape), -1, np.int32)
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
    assigned[index] = np.where(matched, chosen, -1)
  return assigned


def _hits_and_ignored(assigned: np.ndarray, uncounted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Whether a detection's object counts, and whether it does not; [D, areas, thresholds] bool each."""
  if not uncounted.shape[1]:
    return np.zeros(assigned.shape, bool), np.zeros(assigned.shape, bool)
  on_uncounted = np.take_along_axis(uncounted[None], np.maximum(assigned, 0), axis=2)
  return (assigned >= 0) & ~on_uncounted, (assigned >= 0) & on_uncounted


def overlaps(
  detected: np.ndarray, labelled: np.ndarray, classes: np.ndarray | None, ground_truth: GroundTruth
) -> np.ndarray:
  """Overlap of every detection with every object, by pycocotools' own C code.

  Args:
    detected: [D, 4], as `pixels` returns them.
    labelled: [G, 4], the objects' boxes likewise.
    classes: [D], the detections' classes; None to compare across classes.
    ground_truth: the objects; of crowds the overlap is divided by the detection's own area.

  Returns:
    [D, G] IoU, float64; 0 where the classes differ.
  """
  if not len(detected) or not len(labelled):
    return np.zeros((len(detected), len(labelled)))
  overlap = coco_mask.iou(detected, labelled, ground_truth.crowd.astype(np.uint8))
  return overlap if classes is None else np.where(classes[:, None] == ground_truth.classes, overlap, 0)


def pixels(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
  """(ymin, xmin, ymax, xmax) in [0, 1] to COCO's (x, y, width, height) in pixels, float64."""
  ymin, xmin, ymax, xmax = boxes.astype(np.float64).reshape(-1, 4).T
  return np.stack([xmin * width, ymin * height, (xmax - xmin) * width, (ymax - ymin) * height], axis=1)


def _outside(boxes: np.ndarray) -> np.ndarray:
  """Whether a box's area lies outside each area range; [areas, boxes] bool. Both ends belong to a range."""
  area = boxes[:, 2] * boxes[:, 3]
  return (area < AREA_RANGES[:, :1]) | (area > AREA_RANGES[:, 1:])


def _ranks(classes: np.ndarray) -> np.ndarray:
  """[D] int64: each detection's position among those of its class, from 0."""
  by_class = np.argsort(classes, kind='stable')
  grouped = classes[by_class]
  first = np.searchsorted(grouped, grouped)
  ranks = np.empty(len(classes), np.int64)
  ranks[by_class] = np.arange(len(classes)) - first
  return ranks
