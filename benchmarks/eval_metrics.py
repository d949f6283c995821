"""The metric stage alone against pycocotools, one process each, on the same synthetic detections.

    python benchmarks/eval_metrics.py [--images 5000] [--detections 100] [--classes 80]

Prints the seconds of both, their ratio, and the largest difference among the twelve COCO numbers. Timed is everything
between detections in memory, in the form either side takes, and the twelve numbers.
"""

import argparse
import contextlib
import io
import time

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detection.detections import Detections
from detection.metrics import coco, results
from detection.metrics.matching import GroundTruth

_SIZE = (640, 480)
_OBJECTS = 7  # an image of COCO val2017 has 7.3


def synthetic(images: int, detections: int, classes: int, seed: int = 0) -> list[tuple[results.Image, Detections]]:
  """Images with up to 13 objects; half of the detections are moved objects, the rest lie free."""
  rng = np.random.default_rng(seed)
  made = []
  for number in range(images):
    count = rng.integers(1, 2 * _OBJECTS)
    truth_boxes, truth_classes = _boxes(rng, count), rng.integers(1, classes + 1, count)
    near = rng.integers(0, count, detections // 2)
    moved = truth_boxes[near] + rng.normal(0, 0.02, (len(near), 4)).astype(np.float32)
    moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 0.005)
    boxes = np.vstack([moved, _boxes(rng, detections - len(near))])
    guessed = rng.integers(1, classes + 1, detections)
    guessed[: len(near)] = np.where(rng.random(len(near)) < 0.8, truth_classes[near], guessed[: len(near)])
    nothing = np.zeros(count, bool)
    image = results.Image(f'{number:08d}', *_SIZE, GroundTruth(truth_boxes, truth_classes, nothing, nothing))
    made.append((image, Detections(boxes, guessed, rng.random(detections).astype(np.float32))))
  return made


def ours(images: list[tuple[results.Image, Detections]], classes: int) -> np.ndarray:
  """The twelve numbers of components/evaluator."""
  merged = results.merge(results.of_image(image, found) for image, found in images)
  return np.array(list(coco.accumulate(merged, range(1, classes + 1)).metrics().values()))


def as_coco(images: list[tuple[results.Image, Detections]], classes: int) -> tuple[dict, np.ndarray]:
  """The same as pycocotools takes it: a data set, and an array of detections."""
  annotations, rows = [], []
  for number, (image, found) in enumerate(images, start=1):
    for box, class_id in zip(_xywh(image.ground_truth.boxes), image.ground_truth.classes.tolist(), strict=True):
      area = float(box[2] * box[3])
      entry = {'id': len(annotations) + 1, 'image_id': number, 'category_id': class_id, 'bbox': box.tolist()}
      annotations.append({**entry, 'area': area, 'iscrowd': 0})
    ids = np.full(len(found.scores), number)
    rows.append(np.column_stack([ids, _xywh(found.boxes), found.scores.astype(float), found.classes]))
  dataset = {'info': {}, 'images': [{'id': number} for number in range(1, len(images) + 1)]}
  dataset.update(categories=[{'id': number} for number in range(1, classes + 1)], annotations=annotations)
  return dataset, np.vstack(rows)


def theirs(dataset: dict, rows: np.ndarray) -> np.ndarray:
  """The twelve numbers of pycocotools."""
  with contextlib.redirect_stdout(io.StringIO()):
    labelled = COCO()
    labelled.dataset = dataset
    labelled.createIndex()
    evaluation = COCOeval(labelled, labelled.loadRes(rows), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
  return evaluation.stats


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
  corners = rng.random((count, 2)) * 0.8
  return np.hstack([corners, corners + 0.01 + rng.random((count, 2)) ** 2 * 0.5]).astype(np.float32)


def _xywh(boxes: np.ndarray) -> np.ndarray:
  ymin, xmin, ymax, xmax = boxes.astype(float).T
  width, height = _SIZE
  return np.stack([xmin * width, ymin * height, (xmax - xmin) * width, (ymax - ymin) * height], axis=1)


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  for name, default in (('images', 5000), ('detections', 100), ('classes', 80)):
    parser.add_argument(f'--{name}', type=int, default=default)
  args = parser.parse_args()
  images = synthetic(args.images, args.detections, args.classes)
  dataset, rows = as_coco(images, args.classes)
  begun = time.perf_counter()
  mine = ours(images, args.classes)
  ours_seconds = time.perf_counter() - begun
  print(f'ours         {ours_seconds:8.2f} s  AP {mine[0]:.6f}  AP50 {mine[1]:.6f}', flush=True)
  begun = time.perf_counter()
  reference = theirs(dataset, rows)
  seconds = time.perf_counter() - begun
  print(f'pycocotools  {seconds:8.2f} s  AP {reference[0]:.6f}  AP50 {reference[1]:.6f}')
  print(f'ratio        {seconds / ours_seconds:8.1f}    largest difference {np.abs(mine - reference).max():.1e}')


if __name__ == '__main__':
  main()
