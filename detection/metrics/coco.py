"""COCO's twelve metrics from matched detections: average precision and average recall.

Equal to pycocotools' COCOeval.accumulate in every digit, without its loops: recall changes only where a detection hits,
so precision and its envelope are needed only there.

Reference: https://github.com/cocodataset/cocoapi/blob/master/PythonAPI/pycocotools/cocoeval.py
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from detection.metrics import names
from detection.metrics.matching import AREA_NAMES, IOU_THRESHOLDS, cell
from detection.metrics.results import Results

RECALL_LEVELS = np.linspace(0.0, 1.0, 101)
DETECTIONS = (1, 10, 100)  # of one image and class, for average recall


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


def accumulate(results: Results, class_ids: Sequence[int]) -> Coco:
  """Computes precision and recall of every class, area range and IoU threshold.

  Args:
    results: matched detections.
    class_ids: the classes to report; all ids of the label map.
  """
  shape = (len(IOU_THRESHOLDS), len(RECALL_LEVELS), len(class_ids), len(AREA_NAMES))
  precision, scores = np.full(shape, np.nan), np.full(shape, np.nan)
  recall = np.full((len(IOU_THRESHOLDS), len(class_ids), len(AREA_NAMES), len(DETECTIONS)), np.nan)
  for k, class_id in enumerate(class_ids):
    counts = results.object_counted[results.object_class == class_id].sum(axis=0)
    rows = np.flatnonzero(results.classes == class_id)
    rows = rows[np.argsort(-results.scores[rows], kind='stable')]
    hits, ignored, ranks = results.hits[rows], results.ignored[rows], results.ranks[rows]
    for area in np.flatnonzero(counts).tolist():
      for t in range(len(IOU_THRESHOLDS)):
        hit = np.flatnonzero(cell(hits, area, t))
        valid = np.cumsum(~cell(ignored, area, t), dtype=np.int32)[hit]
        recall[t, k, area] = [np.count_nonzero(ranks[hit] < most) / counts[area] for most in DETECTIONS]
        reached, at = interpolated(valid, counts[area])
        precision[t, :, k, area] = reached
        scores[t, :, k, area] = np.append(results.scores[rows[hit]], 0)[at]
  return Coco(precision, scores, recall)


def interpolated(valid: np.ndarray, objects: int) -> tuple[np.ndarray, np.ndarray]:
  """Precision at the 101 recall levels: the highest at that recall or any beyond it.

  Args:
    valid: [H] int, for each hit, best score first: how many detections count up to and including it.
    objects: number of objects that count.

  Returns:
    precision: [101] float64; 0 at a recall that is not reached.
    at: [101] int, the index of the hit that reaches each level; H where none does.
  """
  found = np.arange(1, len(valid) + 1)
  precision = found / (valid + np.spacing(1))  # COCOeval guards against 0/0 this way: 1 of 1 is just below 1
  envelope = np.maximum.accumulate(precision[::-1])[::-1]
  at = np.searchsorted(found / objects, RECALL_LEVELS, side='left')
  return np.append(envelope, 0.0)[at], at


def _mean(values: np.ndarray) -> float:
  measured = values[~np.isnan(values)]
  return float(np.mean(measured)) if measured.size else float('nan')
