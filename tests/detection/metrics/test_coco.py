"""The metrics against pycocotools' own COCOeval, on random and adversarial images."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detection.detections import Detections
from detection.metrics import coco, names, ranked, results
from detection.metrics.matching import GroundTruth

CLASS_IDS = (1, 2, 3)


class ReferenceEval(COCOeval):
  """pycocotools, taught `difficult`: ignored and open to any number of detections, as a crowd, but with plain IoU."""

  def computeIoU(self, imgId, catId):  # noqa: N802, N803
    super().computeIoU(imgId, catId)
    truth, found = self._gts[imgId, catId], self._dts[imgId, catId]
    if not truth or not found:
      return []
    found = [found[i] for i in np.argsort([-d['score'] for d in found], kind='mergesort')][: self.params.maxDets[-1]]
    crowd = [int(g['crowd']) for g in truth]
    return coco_mask.iou([d['bbox'] for d in found], [g['bbox'] for g in truth], crowd)


def reference(images, class_ids=CLASS_IDS):
  """The COCOeval of the same images, after accumulate and summarize."""
  ground_truth, detections = [], []
  for number, (image, found) in enumerate(images, start=1):
    scale = np.array([image.height, image.width] * 2, float)
    truth = image.ground_truth
    for box, class_id, difficult, crowd in zip(truth.boxes, truth.classes, truth.difficult, truth.crowd, strict=True):
      bbox = to_xywh(box, scale)
      ground_truth.append(
        {
          'id': len(ground_truth) + 1,
          'image_id': number,
          'category_id': int(class_id),
          'bbox': bbox,
          'area': bbox[2] * bbox[3],
          'iscrowd': int(difficult or crowd),
          'crowd': int(crowd),
        }
      )
    for box, class_id, score in zip(found.boxes, found.classes, found.scores, strict=True):
      detections.append(
        {'image_id': number, 'category_id': int(class_id), 'bbox': to_xywh(box, scale), 'score': float(score)}
      )
  with contextlib.redirect_stdout(io.StringIO()):
    labelled = COCO()
    labelled.dataset = {
      'info': {},
      'images': [{'id': number} for number in range(1, len(images) + 1)],
      'categories': [{'id': k} for k in class_ids],
      'annotations': ground_truth,
    }
    labelled.createIndex()
    detected = labelled.loadRes(detections) if detections else COCO()
    evaluation = ReferenceEval(labelled, detected, 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
  return evaluation


def to_xywh(box, scale):
  ymin, xmin, ymax, xmax = box.astype(float)
  return [xmin * scale[1], ymin * scale[0], (xmax - xmin) * scale[1], (ymax - ymin) * scale[0]]


def evaluated(images, class_ids=CLASS_IDS):
  merged = results.merge([results.of_image(image, found) for image, found in images])
  return coco.accumulate(merged, class_ids)


def assert_equals_pycocotools(images, class_ids=CLASS_IDS):
  ours, theirs = evaluated(images, class_ids), reference(images, class_ids)
  expected = np.where(theirs.stats < 0, np.nan, theirs.stats)
  np.testing.assert_allclose(list(ours.metrics().values()), expected, rtol=0, atol=1e-9, err_msg=str(names.COCO))
  precision, recall = theirs.eval['precision'][..., -1], theirs.eval['recall']
  np.testing.assert_array_equal(ours.precision, np.where(precision < 0, np.nan, precision))
  np.testing.assert_array_equal(ours.recall, np.where(recall < 0, np.nan, recall))


def boxes(*rows):
  return np.array(rows, np.float32).reshape(-1, 4)


def image(number, *, truth=(), found=(), size=(640, 480)):
  """truth: (box, class[, 'difficult' or 'crowd']); found: (box, class, score)."""
  labelled = GroundTruth(
    boxes(*[row[0] for row in truth]),
    np.array([row[1] for row in truth], np.int64),
    np.array(['difficult' in row[2:] for row in truth], bool),
    np.array(['crowd' in row[2:] for row in truth], bool),
  )
  detected = Detections(
    boxes(*[row[0] for row in found]), np.array([row[1] for row in found], np.int64), np.array([r[2] for r in found])
  )
  return results.Image(f'{number:06d}.jpg', size[0], size[1], labelled), detected


BOX = (0.1, 0.1, 0.5, 0.5)
NEAR = (0.12, 0.12, 0.5, 0.5)
FAR = (0.6, 0.6, 0.9, 0.9)
TINY = (0.1, 0.1, 0.12, 0.12)


@pytest.mark.parametrize(
  'images',
  [
    pytest.param([image(1, truth=[(BOX, 1)])], id='no detections at all'),
    pytest.param([image(1, found=[(BOX, 1, 0.9)]), image(2, truth=[(BOX, 2)])], id='no ground truth in an image'),
    pytest.param([image(1, found=[(BOX, 1, 0.9)])], id='no ground truth at all'),
    pytest.param([image(1, truth=[(BOX, 1)], found=[(BOX, 1, 0.9)])], id='perfect'),
    pytest.param([image(1, truth=[(BOX, 1)], found=[(BOX, 2, 0.9)])], id='the wrong class'),
    pytest.param([image(1, truth=[(BOX, 1)], found=[(BOX, 1, 0.9), (NEAR, 1, 0.8), (NEAR, 1, 0.8)])], id='duplicates'),
    pytest.param([image(1, truth=[(BOX, 1), (BOX, 1)], found=[(BOX, 1, 0.9)] * 3)], id='equal boxes, tied scores'),
    pytest.param(
      [image(n, truth=[(BOX, 1)], found=[(BOX if n % 2 else FAR, 1, 0.5)]) for n in range(1, 8)],
      id='scores tied across images',
    ),
    pytest.param([image(1, truth=[(BOX, 1)], found=[(FAR, 1, 0.9)] * 100 + [(BOX, 1, 0.1)])], id='101 detections'),
    pytest.param([image(1, truth=[(BOX, 1, 'crowd')], found=[(BOX, 1, 0.9), (TINY, 1, 0.8)])], id='crowd only'),
    pytest.param(
      [image(1, truth=[(BOX, 1, 'crowd'), (FAR, 1)], found=[(NEAR, 1, 0.9), (TINY, 1, 0.8), (FAR, 1, 0.7)])],
      id='crowd swallows several',
    ),
    pytest.param(
      [image(1, truth=[(BOX, 1, 'difficult'), (NEAR, 1)], found=[(BOX, 1, 0.9), (BOX, 1, 0.8), (BOX, 1, 0.7)])],
      id='a difficult object beside a plain one',
    ),
    pytest.param([image(1, truth=[(TINY, 1)], found=[(TINY, 1, 0.9), (BOX, 1, 0.8)])], id='small objects only'),
  ],
)
def test_equals_pycocotools_on(images):
  assert_equals_pycocotools(images)


coordinate = st.integers(0, 12).map(lambda n: n / 12)
box = st.tuples(coordinate, coordinate, coordinate, coordinate).map(
  lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]) + 1 / 24, max(b[1], b[3]) + 1 / 24)
)
class_id = st.sampled_from(CLASS_IDS)
labelled = st.tuples(box, class_id, st.sampled_from(['', '', '', 'difficult', 'crowd']))
detected = st.tuples(box, class_id, st.integers(0, 8).map(lambda n: n / 8))
sizes = st.sampled_from([(60, 40), (200, 300), (640, 480)])


@settings(max_examples=60, deadline=None)
@given(
  st.lists(st.tuples(st.lists(labelled, max_size=6), st.lists(detected, max_size=10), sizes), min_size=1, max_size=4)
)
def test_equals_pycocotools_on_any_images(rows):
  assert_equals_pycocotools(
    [image(n, truth=truth, found=found, size=size) for n, (truth, found, size) in enumerate(rows, start=1)]
  )


def test_equals_pycocotools_on_crowded_images_with_more_than_100_detections(make):
  assert_equals_pycocotools(make.crowded(12, classes=3, detections=150))


def test_a_class_that_no_image_shows_is_not_measured_and_does_not_lower_the_mean():
  images = [image(1, truth=[(BOX, 1)], found=[(BOX, 1, 0.9), (BOX, 3, 0.9)])]
  measured = evaluated(images)
  assert measured.metrics()['AP'] == pytest.approx(1.0)
  assert np.isnan(measured.metrics(2)['AP'])


def test_metrics_do_not_depend_on_the_order_in_which_workers_finish(make):
  parts = [results.of_image(*pair) for pair in make.crowded(10, classes=3, detections=40)]
  forward, backward = (results.merge(some) for some in (parts, [results.merge(parts[5:]), *parts[:5][::-1]]))
  for field in ('names', 'image', 'scores', 'hits', 'object_image', 'object_box'):
    np.testing.assert_array_equal(getattr(forward, field), getattr(backward, field))


def test_an_image_that_two_workers_saw_is_refused():
  part = results.of_image(*image(1, truth=[(BOX, 1)]))
  with pytest.raises(ValueError, match='000001.jpg'):
    results.merge([part, part])


@pytest.mark.parametrize('rows', [1, 7, 100])
def test_equals_pycocotools_however_few_detections_are_held(make, monkeypatch, rows):
  monkeypatch.setattr(ranked, 'BLOCK_ROWS', rows)
  assert_equals_pycocotools(make.crowded(6, classes=3, detections=50))


@pytest.mark.parametrize('levels', [coco.RECALL_LEVELS, np.arange(11) / 10])
def test_as_many_hits_are_needed_as_recall_says_whatever_rounding_does(levels):
  for objects in range(1, 400):
    expected = np.searchsorted(np.arange(1, objects + 1) / objects, levels) + 1
    assert coco.levels_reached(objects, levels).tolist() == expected.tolist(), objects
