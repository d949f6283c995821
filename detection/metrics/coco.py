"""COCO's twelve metrics from matched detections: average precision and average recall.

Equal to pycocotools' COCOeval.accumulate in every digit, without its loops: recall changes only where a detection hits,
so precision is needed only there. Detections come best score first, a block at a time. Of those before, no more is kept
than the highest precision from one recall level to the next; the highest at a level or beyond it follows at the end.

Reference: https://github.com/cocodataset/cocoapi/blob/master/PythonAPI/pycocotools/cocoeval.py
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from detection.metrics import names, ranked
from detection.metrics.matching import AREA_NAMES, IOU_THRESHOLDS, cell
from detection.metrics.ranked import Ranked
from detection.metrics.results import Results

RECALL_LEVELS = np.linspace(0.0, 1.0, 101)
DETECTIONS = (1, 10, 100)  # of one image and class, for average recall

Part = Callable[[np.ndarray], np.ndarray]  # gives, of a block of rows, those of some images


@dataclasses.dataclass(frozen=True)
class Coco:
  """Precision and recall; NaN where a class has no object that counts.

  precision: [10 IoU thresholds, 101 recall levels, classes, 4 area ranges], interpolated.
  scores: shaped as precision: the confidence at which that recall is reached; 0 where it is not reached.
  recall: [10 IoU thresholds, classes, 4 area ranges, len(DETECTIONS)], the highest that is reached.
  """

  precision: np.ndarray
  scores: np.ndarray
  recall: np.ndarray

  def metrics(self, classes: int | slice = slice(None)) -> dict[str, float]:
    """The twelve metrics of names.COCO.

    Args:
      classes: index of one class, or a slice of the classes that are averaged; all by default.

    Returns:
      {name: value in [0, 1]}, NaN where no class has an object.
    """
    precision, recall = self.precision[:, :, classes], self.recall[:, classes]
    all_, small, medium, large = range(len(AREA_NAMES))
    values = [_mean(precision[..., all_]), _mean(precision[0, ..., all_]), _mean(precision[5, ..., all_])]
    values += [_mean(precision[..., area]) for area in (small, medium, large)]
    values += [_mean(recall[..., all_, most]) for most in range(len(DETECTIONS))]
    values += [_mean(recall[..., area, -1]) for area in (small, medium, large)]
    return dict(zip(names.COCO, values, strict=True))


def accumulate(results: Results | Ranked, class_ids: Sequence[int]) -> Coco:
  """Computes precision and recall of every class, area range and IoU threshold.

  Args:
    results: matched detections.
    class_ids: the classes to report; all ids of the label map.
  """
  return accumulate_parts(ranked.of(results), class_ids, [lambda rows: rows])[0]


def accumulate_parts(rows: Ranked, class_ids: Sequence[int], parts: Sequence[Part]) -> list[Coco]:
  """As `accumulate`, of several parts of the images at once."""
  made = [_unmeasured(len(class_ids)) for _ in parts]
  no_objects = np.zeros(len(AREA_NAMES), np.int64)
  for k, class_id in enumerate(class_ids):
    counts = [
      sum((part(block)['hits'][:, :4].sum(axis=0) for block in rows.objects(class_id)), no_objects) for part in parts
    ]
    each = [(part, _Class(count), coco) for part, count, coco in zip(parts, counts, made, strict=True) if count.any()]
    for block in rows.detections(class_id) if each else ():
      for part, of_class, _ in each:
        of_class.add(part(block))
    for _, of_class, coco in each:
      of_class.write(coco, k)
  return made


def levels_reached(objects: int, levels: np.ndarray = RECALL_LEVELS) -> np.ndarray:
  """[levels] int64: how many of `objects` have to be found, at least 1, so that recall is no less than each level."""
  near = np.ceil(levels * objects).astype(np.int64)[:, None] + np.arange(-1, 2)  # rounding may be off by one
  near = np.maximum(near, 1)
  enough = near / objects >= levels[:, None]
  return near[np.arange(len(levels)), enough.argmax(axis=1)]


def raise_to(best: np.ndarray, precision: np.ndarray, first: np.ndarray) -> None:
  """Raises the highest precision between levels, in place, to that of further hits.

  Args:
    best: [levels] the highest precision so far from each level to the next.
    precision: [H] of the hits.
    first: [levels] index of the hit that reaches each level, ascending; negative for a hit before these.
  """
  reached = np.searchsorted(first, len(precision), side='left')
  if reached and len(precision):
    # Of a level without a hit of its own, this takes a hit beyond it, which counts there as well.
    highest = np.maximum.reduceat(precision, np.maximum(first[:reached], 0))
    np.maximum(best[:reached], highest, out=best[:reached])


class _Class:
  """Precision and recall of one class, in all area ranges and at all thresholds, while its detections come.

  The first two axes of all state are area ranges and thresholds.
  """

  def __init__(self, counts: np.ndarray) -> None:
    """counts: [4], the objects that count in each area range; not all 0."""
    shape = (len(AREA_NAMES), len(IOU_THRESHOLDS))
    self._counts = counts
    self._areas = np.flatnonzero(counts).tolist()
    self._needed = {area: levels_reached(counts[area]) for area in self._areas}
    self._found, self._valid = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    self._best, self._scores = np.zeros((*shape, len(RECALL_LEVELS))), np.zeros((*shape, len(RECALL_LEVELS)))
    self._by_rank = np.zeros((*shape, len(DETECTIONS)), np.int64)

  def add(self, rows: np.ndarray) -> None:
    """Adds further detections."""
    hits, ignored = np.ascontiguousarray(rows['hits']), np.ascontiguousarray(rows['ignored'])
    scores, ranks = np.ascontiguousarray(rows['score']), np.ascontiguousarray(rows['rank'])
    for area in self._areas:
      for t in range(len(IOU_THRESHOLDS)):
        hit = np.flatnonzero(cell(hits, area, t))
        valid = np.cumsum(~cell(ignored, area, t), dtype=np.int64)
        if len(hit):
          self._add_hits((area, t), valid[hit], scores[hit], ranks[hit])
        self._valid[area, t] += valid[-1] if len(valid) else 0

  def _add_hits(self, at: tuple[int, int], valid: np.ndarray, scores: np.ndarray, ranks: np.ndarray) -> None:
    """valid: [H] int, for each hit, how many of these detections count up to and including it."""
    found = self._found[at]
    # COCOeval guards against 0/0 this way: 1 of 1 is just below 1.
    precision = np.arange(found + 1, found + len(valid) + 1) / (self._valid[at] + valid + np.spacing(1))
    first = self._needed[at[0]] - 1 - found
    raise_to(self._best[at], precision, first)
    here = (first >= 0) & (first < len(valid))
    self._scores[at][here] = scores[first[here]]
    self._by_rank[at] += [np.count_nonzero(ranks < most) for most in DETECTIONS]
    self._found[at] += len(valid)

  def write(self, coco: Coco, k: int) -> None:
    """Writes what was measured to the columns of class number `k`."""
    envelope = np.maximum.accumulate(self._best[..., ::-1], axis=-1)[..., ::-1]
    for area in self._areas:
      coco.precision[:, :, k, area] = envelope[area]
      coco.scores[:, :, k, area] = self._scores[area]
      coco.recall[:, k, area] = self._by_rank[area] / self._counts[area]


def _unmeasured(classes: int) -> Coco:
  shape = (len(IOU_THRESHOLDS), len(RECALL_LEVELS), classes, len(AREA_NAMES))
  recall = np.full((len(IOU_THRESHOLDS), classes, len(AREA_NAMES), len(DETECTIONS)), np.nan)
  return Coco(np.full(shape, np.nan), np.full(shape, np.nan), recall)


def _mean(values: np.ndarray) -> float:
  measured = values[~np.isnan(values)]
  return float(np.mean(measured)) if measured.size else float('nan')
