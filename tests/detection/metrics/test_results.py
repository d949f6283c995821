"""Results: columns that can be merged in any order, and taken apart again."""

import dataclasses

import numpy as np
import pytest

from detection.metrics import results


def parts(make):
  images = make.crowded(6, classes=3, detections=9)
  return images, [results.of_image(image, found) for image, found in images]


def assert_equal(one, other):
  for field in dataclasses.fields(results.Results):
    mine, theirs = getattr(one, field.name), getattr(other, field.name)
    np.testing.assert_array_equal(mine, theirs, err_msg=field.name)
    assert mine.dtype.kind == theirs.dtype.kind, field.name


def test_the_order_of_parts_changes_nothing(make):
  _, single = parts(make)
  merged = results.merge(single)
  assert_equal(results.merge(single[::-1]), merged)
  assert_equal(results.merge([results.merge(single[3:]), results.merge(single[:3])]), merged)
  assert merged.names.tolist() == sorted(merged.names.tolist())


def test_an_image_in_two_parts_is_refused(make):
  _, single = parts(make)
  with pytest.raises(ValueError, match='000002.jpg: the image is in two parts'):
    results.merge([*single, single[1]])


def test_each_gives_every_image_with_its_own_objects_and_detections(make):
  images, single = parts(make)
  merged = results.merge(single[::-1])
  for (image, given), (again, found, objects, rows) in zip(images, results.each(merged), strict=True):
    order = np.argsort(-given.scores, kind='stable')
    assert (again.name, again.width, again.height) == (image.name, image.width, image.height)
    np.testing.assert_array_equal(again.ground_truth.boxes, image.ground_truth.boxes)
    np.testing.assert_array_equal(again.ground_truth.difficult, image.ground_truth.difficult)
    np.testing.assert_array_equal(found.classes, given.classes[order])
    np.testing.assert_array_equal(merged.scores[rows], found.scores)
    np.testing.assert_array_equal(merged.object_class[objects], image.ground_truth.classes)


def test_selected_images_are_as_if_they_alone_had_been_merged(make):
  _, single = parts(make)
  assert_equal(results.select(results.merge(single), np.array([1, 4])), results.merge([single[1], single[4]]))


def test_no_parts_give_no_images():
  merged = results.merge([])
  assert (len(merged.names), len(merged.object_class), len(merged.scores)) == (0, 0, 0)
  assert merged.hits.shape == (0, 5)
  assert list(results.each(merged)) == []
