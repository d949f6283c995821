"""Predictions as files: pixels of the upright image, and what each format leaves out."""

import csv
import json

import defusedxml.ElementTree
import numpy as np
import pytest

from detection.detections import Detections
from detection.inference import predictions
from detection.inference.predictions import Predicted

DETECTIONS = Detections(
  np.array([[0.1, 0.2, 0.5, 0.6], [0.5, -0.1, 1.2, 0.5]], np.float32),
  np.array([2, 1]),
  np.array([0.9, 0.25], np.float32),
  ('dog', 'cat, "tom"'),
)
IMAGE = Predicted(1, 'photos/a.jpg', (200, 100), DETECTIONS)
FRAME = Predicted(2, 'clip.avi', (200, 100), DETECTIONS, frame=0)


def test_corners_are_in_pixels_inside_the_image():
  np.testing.assert_allclose(predictions.corners(IMAGE), [(40, 10, 120, 50), (0, 50, 100, 100)], atol=1e-4)


def test_json_has_coco_boxes_and_a_frame_only_for_videos():
  rows = json.loads(predictions.coco_json([IMAGE, FRAME]))
  assert rows[0] == {
    'image_id': 1,
    'file_name': 'photos/a.jpg',
    'category_id': 2,
    'category_name': 'dog',
    'bbox': pytest.approx([40, 10, 80, 40], abs=0.01),
    'score': 0.9,
  }
  assert [row['category_name'] for row in rows] == 2 * ['dog', 'cat, "tom"']
  assert [row.get('frame') for row in rows] == [None, None, 0, 0]
  assert json.loads(predictions.coco_json([])) == []


def test_csv_has_a_header_and_quotes_names():
  header, first, second, third, _ = csv.reader(predictions.table([IMAGE, FRAME]).splitlines())
  assert dict(zip(header, second, strict=True)) == {
    'image_id': '1',
    'file_name': 'photos/a.jpg',
    'frame': '',
    'category_id': '1',
    'category_name': 'cat, "tom"',
    'xmin': '0.00',
    'ymin': '50.00',
    'xmax': '100.00',
    'ymax': '100.00',
    'score': '0.25000',
  }
  assert (first[2], third[2]) == ('', '0')


def test_voc_xml_holds_the_objects_of_at_least_the_score_in_whole_pixels():
  root = defusedxml.ElementTree.fromstring(predictions.voc_xml(IMAGE, min_score=0.5))
  assert root.findtext('filename') == 'a.jpg'
  assert (root.findtext('size/width'), root.findtext('size/height')) == ('200', '100')
  (box,) = root.iterfind('object')
  assert box.findtext('name') == 'dog'
  assert [box.findtext(f'bndbox/{side}') for side in ('xmin', 'ymin', 'xmax', 'ymax')] == ['40', '10', '120', '50']
