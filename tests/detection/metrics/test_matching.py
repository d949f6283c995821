"""Matching: which detection hits which object. COCO's numbers from it are compared with pycocotools in test_coco."""

import numpy as np
import pytest

from detection.metrics import matching

ALL, SMALL, LARGE = (matching.AREA_NAMES.index(name) for name in ('all', 'small', 'large'))


def outcome(image, detections, area=ALL, threshold=0):
  """[(hit, ignored)] of the detections, in the order of Matches."""
  matches = matching.match(image.ground_truth, detections, image.width, image.height)
  bits = (matching.cell(bits, area, threshold).tolist() for bits in (matches.hits, matches.ignored))
  return list(zip(*bits, strict=True))


HIT, IGNORED, FALSE = (True, False), (False, True), (False, False)


def test_the_surer_detection_takes_the_object_and_the_second_is_false(make):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.5), (make.NEAR, 1, 0.9)])
  assert outcome(*image) == [HIT, FALSE]
  assert matching.match(image[0].ground_truth, image[1], 640, 480).order.tolist() == [1, 0]


def test_only_the_own_class_matches(make):
  assert outcome(*make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 2, 0.9)])) == [FALSE]


@pytest.mark.parametrize('flag', ['difficult', 'crowd'])
def test_detections_of_an_object_that_does_not_count_are_ignored_however_many(make, flag):
  image = make.image(1, truth=[(make.BOX, 1, flag)], found=[(make.BOX, 1, 0.9), (make.BOX, 1, 0.8)])
  assert outcome(*image) == [IGNORED, IGNORED]


def test_an_object_that_counts_goes_before_one_that_is_overlapped_more(make):
  image = make.image(1, truth=[(make.BOX, 1, 'difficult'), (make.NEAR, 1)], found=[(make.BOX, 1, 0.9)])
  assert outcome(*image) == [HIT]


def test_a_higher_threshold_needs_more_overlap(make):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.NEAR, 1, 0.9)])  # IoU 0.9
  assert outcome(*image, threshold=8) == [HIT]
  assert outcome(*image, threshold=9) == [FALSE]


def test_outside_the_area_range_detections_and_objects_are_left_out(make):
  image = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.9), (make.TINY, 1, 0.8)])
  assert outcome(*image, area=LARGE) == [HIT, IGNORED]
  assert outcome(*image, area=SMALL) == [IGNORED, FALSE]
  counted = matching.match(image[0].ground_truth, image[1], 640, 480).counted
  assert counted[:, [ALL, SMALL, LARGE]].tolist() == [[True, False, True]]


def test_at_most_a_hundred_detections_of_a_class_are_kept_the_surest(make):
  found = [(make.FAR, 1, score) for score in np.linspace(0.1, 0.9, 120)] + [(make.FAR, 2, 0.05)]
  image, detections = make.image(1, found=found)
  matches = matching.match(image.ground_truth, detections, 640, 480)
  assert len(matches.order) == matching.MAX_DETECTIONS + 1
  assert matches.order.tolist() == [*range(119, 19, -1), 120]
  assert matches.ranks.tolist() == [*range(100), 0]


def test_assign_names_the_object_at_any_overlap(make):
  image, detections = make.image(
    1, truth=[(make.FAR, 1), (make.BOX, 1)], found=[(make.HALF, 1, 0.9), (make.FAR, 1, 0.8)]
  )  # IoU of HALF and BOX: 0.4
  assert matching.assign(image.ground_truth, detections, 640, 480, iou=0.39).tolist() == [1, 0]
  assert matching.assign(image.ground_truth, detections, 640, 480, iou=0.5).tolist() == [-1, 0]


def test_pixels_are_x_y_width_height():
  boxes = np.array([[0.25, 0.125, 0.75, 0.5]], np.float32)  # exact in float32
  np.testing.assert_array_equal(matching.pixels(boxes, 640, 480), [[80, 120, 240, 240]])


def test_overlaps_across_classes_if_no_class_is_given(make):
  image, found = make.image(1, truth=[(make.BOX, 1)], found=[(make.BOX, 2, 0.9)])
  boxes = [matching.pixels(part.boxes, 640, 480) for part in (found, image.ground_truth)]
  assert matching.overlaps(*boxes, found.classes, image.ground_truth).tolist() == [[0]]
  assert matching.overlaps(*boxes, None, image.ground_truth).tolist() == [[pytest.approx(1)]]
