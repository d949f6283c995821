"""Pascal VOC's average precision at one IoU: of 2007, at 11 points, and of 2010 and later, as an area.

VOC's matching differs from COCO's: a detection is compared with the object of its class that it overlaps most, even if
that one is already matched; the second detection of an object is a false positive. A detection of a `difficult` object
counts neither way.

Reference: Everingham et al., The Pascal Visual Object Classes (VOC) Challenge, IJCV 2010, and VOCdevkit's VOCevaldet.m;
boxes are continuous, as in the OD API, whereas VOCevaldet.m adds a pixel to every width and height.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from detection.metrics import coco, names, ranked
from detection.metrics.matching import overlaps, pixels
from detection.metrics.ranked import Ranked
from detection.metrics.results import Results, each

IOU = 0.5
_LEVELS = np.arange(11) / 10
# numpy adds up so many numbers pairwise, then these sums one after the other. So does this: the area does not depend on
# how many detections are held at once.
_SUMMED = 8192


@dataclasses.dataclass(frozen=True)
class Matching:
  """What becomes of N detections by the rules of Pascal VOC.

  hit: [N] bool, the detection hits an object that counts.
  ignored: [N] bool, the detection counts neither way. All others are false positives.
  """

  hit: np.ndarray
  ignored: np.ndarray


def average_precision(results: Results | Ranked, class_ids: Sequence[int]) -> dict[str, np.ndarray]:
  """Both average precisions of every class.

  Args:
    results: detections and objects; their COCO matching is not used.
    class_ids: the classes to report.

  Returns:
    {name of names.VOC: [classes] float64 in [0, 1]}, NaN for a class without an object that counts.
  """
  if isinstance(results, Results):
    matching = match(results)
    results = ranked.of(results, voc=(matching.hit, matching.ignored))
  values = {name: np.full(len(class_ids), np.nan) for name in names.VOC}
  for k, class_id in enumerate(class_ids):
    objects = sum(np.count_nonzero(block['right']) for block in results.objects(class_id))
    if objects:
      values[names.VOC[0]][k], hits, count = _eleven_points(results, class_id, objects)
      values[names.VOC[1]][k] = _whole_area(results, class_id, objects, hits, count)
  return values


def _eleven_points(rows: Ranked, class_id: int, objects: int) -> tuple[float, int, int]:
  """VOC 2007: the mean, over recall 0, 0.1, ... 1, of the highest precision at that recall or beyond.

  Returns:
    The mean; the number of hits; the number of detections that count.
  """
  needed, best = coco.levels_reached(objects, _LEVELS), np.zeros(len(_LEVELS))
  hits = count = 0
  for block in rows.detections(class_id):
    hit = np.flatnonzero(block['voc_right'][~block['voc_neither']])
    precision = np.arange(hits + 1, hits + len(hit) + 1) / (count + hit + 1)
    coco.raise_to(best, precision, needed - 1 - hits)
    hits, count = hits + len(hit), count + np.count_nonzero(~block['voc_neither'])
  return float(np.mean(np.maximum.accumulate(best[::-1])[::-1].tolist())), hits, count


def area(precision: np.ndarray, recall: np.ndarray, before: float = 0.0, beyond: float = 0.0) -> float:
  """VOC 2010: the area under the curve of precision, made monotonically decreasing, over recall.

  Args:
    precision, recall: after each detection, best score first.
    before: recall before the first of them.
    beyond: the highest precision after the last of them.
  """
  envelope = np.maximum(np.maximum.accumulate(precision[::-1])[::-1], beyond)
  return float(np.sum(np.diff(recall, prepend=before) * envelope))


def _whole_area(rows: Ranked, class_id: int, objects: int, hits: int, count: int) -> float:
  """`area` of a class, from its last detection to its first: what is beyond is known then.

  Args:
    rows, class_id, objects: what is measured.
    hits, count: of all its detections, those that hit, and those that count.
  """
  sums: list[float] = []
  beyond, later = 0.0, np.zeros(0, bool)  # of those before `count`, the last ones, not yet added up
  for block in rows.backwards(class_id):
    later = np.concatenate([block['voc_right'][~block['voc_neither']], later])
    while count and (count - 1) % _SUMMED < len(later):
      length = (count - 1) % _SUMMED + 1
      last = later[len(later) - length :]
      found = hits - np.count_nonzero(last) + np.cumsum(last)
      precision = found / np.arange(count - length + 1, count + 1)
      hits -= np.count_nonzero(last)
      sums.append(area(precision, found / objects, hits / objects, beyond))
      beyond = max(beyond, float(precision.max()))
      later, count = later[: len(later) - length], count - length
  return float(sum(reversed(sums)))


def match(results: Results) -> Matching:
  """Matches every image at an overlap of IOU."""
  hits, ignored = np.zeros(len(results.scores), bool), np.zeros(len(results.scores), bool)
  for image, found, _, rows in each(results):
    detected = pixels(found.boxes, image.width, image.height)
    overlap = overlaps(
      detected, pixels(image.ground_truth.boxes, image.width, image.height), found.classes, image.ground_truth
    )
    if not overlap.size:
      continue
    best = overlap.argmax(axis=1)
    reached = overlap.max(axis=1) >= IOU
    uncounted = (image.ground_truth.difficult | image.ground_truth.crowd)[best]
    candidates = np.flatnonzero(reached & ~uncounted)
    _, first = np.unique(best[candidates], return_index=True)
    hits[rows.start + candidates[first]] = True
    ignored[rows] = reached & uncounted
  return Matching(hits, ignored)
