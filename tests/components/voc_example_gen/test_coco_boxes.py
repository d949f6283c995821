"""One COCO annotation gives one box, or the rule that drops it."""

import pytest

from components.voc_example_gen import coco_boxes
from components.voc_example_gen.annotation import BoxRule

PLANK = {'bbox': [10, 45, 80, 10]}
POLYGON = {'segmentation': [[10, 20, 40, 20, 40, 60, 10, 60]]}
UPRIGHT = {'segmentation': [[10, 45, 90, 45, 90, 55, 10, 55]]}
TURNED = {'segmentation': [[45, 10, 55, 10, 55, 90, 45, 90]]}

BOXES = {
  'upright': (PLANK, (10, 45, 90, 55)),
  'turned, as CVAT writes it': ({**PLANK, 'attributes': {'occluded': False, 'rotation': 90.0}}, (45, 10, 55, 90)),
  'turned by a word': ({**PLANK, 'attributes': {'rotation': '90.0'}}, (45, 10, 55, 90)),
  'turned, outside attributes': ({**PLANK, 'rotation': 270}, (45, 10, 55, 90)),
  'turned not at all': ({**PLANK, 'attributes': {'rotation': 0.0}}, (10, 45, 90, 55)),
  'turned upside down': ({**PLANK, 'attributes': {'rotation': 180}}, (10, 45, 90, 55)),
  'turned, with its polygon before': ({**PLANK, **UPRIGHT, 'attributes': {'rotation': 90}}, (45, 10, 55, 90)),
  'turned, with only its polygon turned': ({**PLANK, **TURNED, 'attributes': {'rotation': 90}}, (45, 10, 55, 90)),
  'no bbox, a polygon': (POLYGON, (10, 20, 40, 60)),
  'an empty bbox, a polygon': ({**POLYGON, 'bbox': []}, (10, 20, 40, 60)),
  'a bbox of five numbers, a polygon': ({**POLYGON, 'bbox': [25, 40, 30, 40, 45]}, (10, 20, 40, 60)),
  'a bbox and a polygon': ({**PLANK, **POLYGON}, (10, 45, 90, 55)),
  'no bbox, a mask': ({'segmentation': {'size': [2, 3], 'counts': [3, 1, 2]}}, (1, 1, 2, 2)),
}


@pytest.mark.parametrize(('entry', 'expected'), BOXES.values(), ids=BOXES)
def test_an_annotation_has_a_box(entry, expected):
  thing = coco_boxes.object_of(entry, 'cat')
  assert (thing.xmin, thing.ymin, thing.xmax, thing.ymax) == expected


DROPPED = {
  'a bbox of five numbers': ({'bbox': [25, 40, 30, 40, 45]}, BoxRule.MISSING),
  'an angle that is no number': ({**PLANK, 'rotation': 'left'}, BoxRule.NOT_FINITE),
  'an angle without end': ({**PLANK, 'rotation': float('inf')}, BoxRule.NOT_FINITE),
  'an empty segmentation': ({'segmentation': []}, BoxRule.MISSING),
}


@pytest.mark.parametrize(('entry', 'rule'), DROPPED.values(), ids=DROPPED)
def test_an_annotation_without_a_certain_box_is_dropped_by_a_rule(entry, rule):
  assert coco_boxes.object_of(entry, 'cat') is rule


def test_a_line_stays_a_line_when_it_is_turned():
  thing = coco_boxes.object_of({'bbox': [10, 45, 80, 0], 'rotation': 45}, 'cat')
  assert thing.ymin == thing.ymax


@pytest.mark.parametrize(('crowd', 'difficult'), [(1, True), (0, False), ('0', False), ('1', True), (None, False)])
def test_a_crowd_is_difficult(crowd, difficult):
  assert coco_boxes.object_of({**PLANK, 'iscrowd': crowd}, 'cat').difficult is difficult
