"""One COCO annotation gives one box, or the rule that drops it."""

import pytest

from components.voc_example_gen import coco_boxes
from components.voc_example_gen.annotation import BoxRule

PLANK = {'bbox': [10, 45, 80, 10]}
POLYGON = {'segmentation': [[10, 20, 40, 20, 40, 60, 10, 60]]}
UPRIGHT = {'segmentation': [[10, 45, 90, 45, 90, 55, 10, 55]]}
TURNED = {'segmentation': [[45, 10, 55, 10, 55, 90, 45, 90]]}

BEFORE = (10, 45, 90, 55)

BOXES = {
  'upright': (PLANK, BEFORE, 0),
  'turned, as CVAT writes it': ({**PLANK, 'attributes': {'occluded': False, 'rotation': 90.0}}, BEFORE, 90),
  'turned by a word': ({**PLANK, 'attributes': {'rotation': '90.0'}}, BEFORE, 90),
  'turned, outside attributes': ({**PLANK, 'rotation': 270}, BEFORE, 270),
  'turned by one of a list': ({**PLANK, 'attributes': [{'name': 'rotation', 'value': 90}]}, BEFORE, 90),
  'turned by a box beside it': ({**PLANK, 'rbbox': [50, 50, 80, 10, 0.5]}, BEFORE, None),
  'a bbox of zeros, a polygon': ({**POLYGON, 'bbox': [0, 0, 0, 0]}, (10, 20, 40, 60), 0),
  'turned not at all': ({**PLANK, 'attributes': {'rotation': 0.0}}, BEFORE, 0),
  'turned by an angle without a unit': ({**PLANK, 'attributes': {'angle': 1.57}}, BEFORE, None),
  'turned, with its polygon before': ({**PLANK, **UPRIGHT, 'attributes': {'rotation': 90}}, BEFORE, 90),
  'turned, with its polygon after': ({**PLANK, **TURNED, 'attributes': {'rotation': 90}}, (45, 10, 55, 90), 0),
  'turned, without bbox': ({**POLYGON, 'rotation': 30}, (10, 20, 40, 60), 0),
  'no bbox, a polygon': (POLYGON, (10, 20, 40, 60), 0),
  'an empty bbox, a polygon': ({**POLYGON, 'bbox': []}, (10, 20, 40, 60), 0),
  'a bbox of five numbers, a polygon': ({**POLYGON, 'bbox': [25, 40, 30, 40, 45]}, (10, 20, 40, 60), 0),
  'two corners, as detectron2 says': ({'bbox': [10, 20, 40, 60], 'bbox_mode': 0}, (10, 20, 40, 60), 0),
  'two corners, as the polygon shows': ({**POLYGON, 'bbox': [10, 20, 40, 60]}, (10, 20, 40, 60), 0),
  'two corners, as the area shows': ({'bbox': [10, 20, 40, 60], 'area': 1200}, (10, 20, 40, 60), 0),
  'a size, as the area shows': ({'bbox': [10, 20, 40, 60], 'area': 2400}, (10, 20, 50, 80), 0),
  'at the corner of the image': ({'bbox': [1, 1, 40, 60], 'area': 2301}, (1, 1, 41, 61), 0),
  'a bbox and a polygon': ({**PLANK, **POLYGON}, BEFORE, 0),
  'no bbox, a mask': ({'segmentation': {'size': [2, 3], 'counts': [3, 1, 2]}}, (1, 1, 2, 2), 0),
}


@pytest.mark.parametrize(('entry', 'expected', 'turned'), BOXES.values(), ids=BOXES)
def test_an_annotation_has_a_box(entry, expected, turned):
  thing = coco_boxes.object_of(entry, 'cat')
  assert (thing.xmin, thing.ymin, thing.xmax, thing.ymax) == expected
  assert thing.turned == turned


DROPPED = {
  'a bbox of five numbers': ({'bbox': [25, 40, 30, 40, 45]}, BoxRule.MISSING),
  'an empty segmentation': ({'segmentation': []}, BoxRule.MISSING),
}


@pytest.mark.parametrize(('entry', 'rule'), DROPPED.values(), ids=DROPPED)
def test_an_annotation_without_a_certain_box_is_dropped_by_a_rule(entry, rule):
  assert coco_boxes.object_of(entry, 'cat') is rule


@pytest.mark.parametrize(('crowd', 'difficult'), [(1, True), (0, False), ('0', False), ('1', True), (None, False)])
def test_a_crowd_is_difficult(crowd, difficult):
  assert coco_boxes.object_of({**PLANK, 'iscrowd': crowd}, 'cat').difficult is difficult


ODD = [
  [1, 2, 3],
  [1, 2, 3, 4, 5],
  [1, 2, 0, 4],
  [1, 2, 1e-200, 1e-200],
  [1, 2, 10**400, 4],
  [1, 2, True, 4],
  'box',
  None,
]


@pytest.mark.parametrize('box', [[1, 2, 3, 4], [1, 2, 1e308, 4], *ODD])
@pytest.mark.parametrize('more', [{}, {'attributes': {'rotation': 90}}, {'angle': 90}, {'iscrowd': 1}])
def test_what_is_left_out_of_an_annotation_is_needless(box, more):
  entry = {**TURNED, 'bbox': box, 'area': 5, 'id': 1, 'image_id': 2, 'category_id': 3, **more}
  slim = coco_boxes.without_needless(entry)
  assert coco_boxes.object_of(slim, 'cat') == coco_boxes.object_of(entry, 'cat')
  assert ('segmentation' in slim) == (box != [1, 2, 3, 4] or 'attributes' in more or 'angle' in more)


def test_an_image_keeps_what_names_it():
  image = {'id': 1, 'file_name': 'a.jpg', 'coco_url': 'http://b/c.jpg', 'width': 3, 'height': 4}
  assert coco_boxes.without_needless(image) == {'id': 1, 'file_name': 'a.jpg', 'width': 3, 'height': 4}
  assert coco_boxes.without_needless({'id': 1, 'coco_url': 'http://b/c.jpg'}) == {'id': 1, 'coco_url': 'http://b/c.jpg'}
