"""Numbers that are not what their columns say are noticed by the boxes they make."""

import json
import math
from collections import Counter

import pytest

from components.voc_example_gen import misread
from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from tests.support import voc_maker
from tests.support.read_folder import read_folder
from tests.support.voc_maker import SIZE, encode, picture

CORNERS = [(30, 20, 60, 40), (20, 10, 62, 46), (5, 5, 20, 20), (40, 25, 50, 45)]
NAMES = [f'{number}.jpg' for number in range(len(CORNERS))]


def as_coco(boxes, size):
  images = [{'id': n, 'file_name': name, **size} for n, name in enumerate(NAMES)]
  annotations = [{'image_id': n, 'category_id': 1, 'bbox': box} for n, box in enumerate(boxes)]
  return json.dumps({'images': images, 'annotations': annotations, 'categories': [{'id': 1, 'name': 'cat'}]})


def as_csv(boxes, header='filename,class,xmin,ymin,xmax,ymax'):
  rows = [f'{name},cat,{",".join(map(str, box))}' for name, box in zip(NAMES, boxes, strict=True)]
  return '\n'.join([header, *rows])


def sizes(corners):
  return [(xmin, ymin, xmax - xmin, ymax - ymin) for xmin, ymin, xmax, ymax in corners]


def told(tmp_path, path, content):
  """Warnings about boxes of a folder with one annotation file."""
  files = {name: encode(picture(number)) for number, name in enumerate(NAMES)}
  found = read_folder(voc_maker.write(tmp_path, {**files, path: content}), max_bad_fraction=1.0)
  return [warning for warning in found.warnings if 'boxes' in warning]


@pytest.mark.parametrize(
  'size', [{}, dict(zip(('width', 'height'), SIZE, strict=True))], ids=['undeclared', 'declared']
)
def test_corners_in_a_bbox_of_coco_are_told(tmp_path, size):
  assert told(tmp_path, 'a.json', as_coco(CORNERS, size)) == [
    '3 of 4 boxes run out of their images (0.jpg, 1.jpg, 3.jpg): "bbox" is read as [x, y, width, height], not as two '
    'corners; the files may hold other numbers there.'
  ]


def test_corners_in_columns_of_sizes_are_told(tmp_path):
  (warning,) = told(tmp_path, 'a.csv', as_csv(CORNERS, 'filename,class,x,y,w,h'))
  assert warning.startswith('3 of 4 boxes run out of their images')


def test_sizes_in_columns_of_corners_are_told(tmp_path):
  (warning,) = told(tmp_path, 'a.csv', as_csv(sizes([(30, 20, 55, 30), CORNERS[1], (40, 30, 50, 35), CORNERS[3]])))
  assert warning.startswith('3 of 4 boxes have corners in the wrong order: xmin, ymin, xmax, ymax are read as')


@pytest.mark.parametrize(
  ('path', 'content'), [('a.json', as_coco(sizes(CORNERS), {})), ('a.csv', as_csv(CORNERS))], ids=['coco', 'csv']
)
def test_right_numbers_are_not_told(tmp_path, path, content):
  assert told(tmp_path, path, content) == []


def outside(*corners, rules=(), **settings):
  annotation = Annotation(objects=tuple(Object('cat', *box) for box in corners), **settings)
  return misread.count_outside(annotation, 100, 50, Counter(rules))


def test_a_slip_of_the_hand_is_not_outside():
  assert outside((0, 0, 101, 51), (-5, 0, 100, 50), (0, 0, 110, 50), (0, 60, 10, 0), (0, 0, 10, 60)) == 3
  assert outside((0, 0, 1.0000001, 1.01), (0.5, 0.5, 1.2, 1), relative=True) == 1


def test_a_box_without_an_end_is_not_counted():
  assert outside((0, 0, math.inf, 10), (0, 0, 10, math.inf), (0, 0, math.nan, math.nan)) == 0


def test_boxes_of_another_unit_are_not_counted():
  assert outside((0, 0, 1000, 500), rules=[BoxRule.SCALED.value]) == 0


def test_boxes_in_fractions_that_begin_before_their_image_are_outside():
  assert outside((-0.3, 0.1, 0.5, 0.2), (-0.01, 0, 0.5, 0.5), relative=True) == 1


def told_of(**signs):
  return list(misread.warnings(misread.Signs(boxes=40, **{'reach': 1.0, **signs}), 'form'))


@pytest.mark.parametrize('outside', [0, 10, 20])
def test_a_few_boxes_outside_are_not_told(outside):
  assert told_of(outside=outside) == []


def test_a_few_boxes_outside_are_told_if_all_would_make_sense_as_corners():
  assert told_of(outside=1, like_corners=40) == []
  assert len(told_of(outside=2, like_corners=40)) == 1


# Of a public report: x1 y1 x2 y2 in lines of YOLO.
ROWS = [(0.15, 0.01, 0.7, 0.17), (0.15, 0.18, 0.72, 0.33), (0.15, 0.34, 0.73, 0.48), (0.4, 0.5, 0.6, 0.7)]


def test_corners_in_lines_of_yolo_are_told(tmp_path):
  files = {f'{n}.txt': f'0 {" ".join(map(str, row))}' for n, row in enumerate(ROWS)}
  (warning,) = told(voc_maker.write(tmp_path, files), 'classes.txt', 'cat')
  assert warning.startswith('3 of 4 boxes run out of their images (0.jpg, 1.jpg, 2.jpg): the numbers of a line')


def test_boxes_that_are_like_two_corners_are_counted():
  things = Object('cat', 10, 20, 40, 60), Object('cat', 60, 20, 80, 60)
  assert misread.count_like_corners(Annotation(things)) == 1
  # centre 0.3 and size 0.5 may be corners, centre 0.5 and size 0.2 may not
  things = Object('cat', 0.05, 0.05, 0.55, 0.55), Object('cat', 0.4, 0.4, 0.6, 0.6)
  assert misread.count_like_corners(Annotation(things, relative=True)) == 1


def test_percentages_in_columns_of_pixels_are_told():
  assert told_of(reach=0.21) == [
    'All 40 boxes lie in the upper left quarter of their images, none reaches beyond 21% of a side: the numbers may be '
    'percentages, or of smaller images.'
  ]
  assert told_of(reach=0.5) == []
