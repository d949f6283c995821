"""Metrics on parts of the images."""

import numpy as np
import pytest

from detection.base.errors import ConfigError
from detection.metrics import coco, results, slices


def test_images_are_parted_by_name_size_and_number_of_objects(make):
  results = make.merged(
    make.image('cam1_a.jpg', truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.9)], size=(300, 200)),
    make.image('cam1_b.jpg', truth=[(make.BOX, 1), (make.FAR, 1)], found=[(make.BOX, 1, 0.9)], size=(640, 480)),
    make.image('cam2_a.jpg', truth=[(make.BOX, 1)], found=[(make.FAR, 1, 0.9)], size=(640, 480)),
    make.image('other.jpg', size=(2000, 100)),
  )
  found = {(part.kind, part.name): part for part in slices.measure(results, [1], '^(cam[0-9])_')}
  assert [(key[1], part.images, part.objects) for key, part in found.items() if key[0] == 'file name'] == [
    ('(no match)', 1, 0),
    ('cam1', 2, 3),
    ('cam2', 1, 1),
  ]
  assert found['file name', 'cam1'].metrics['AP50'] == pytest.approx(67 / 101)
  assert found['file name', 'cam2'].metrics['AP50'] == 0
  assert found['longer side, pixels', 'up to 320'].metrics['AP'] == pytest.approx(1)
  assert [key[1] for key in found if key[0] == 'objects in the image'] == ['0', '1', '2 to 5']


@pytest.mark.parametrize('pattern', ['(', 'cam', '(a)(b)'])
def test_a_pattern_that_cannot_part_images_is_refused(pattern):
  with pytest.raises(ConfigError, match='evaluate.slice_pattern'):
    slices.check_pattern(pattern)


def test_the_numbers_do_not_depend_on_how_many_parts_are_measured_at_once(make, monkeypatch):
  images = make.crowded(12, classes=2, detections=20)
  expected = slices.measure(make.merged(*images), [1, 2], '0([0-9])[.]jpg')
  monkeypatch.setattr(slices, '_HELD', 1)
  assert repr(slices.measure(make.merged(*images), [1, 2], '0([0-9])[.]jpg')) == repr(expected)
  whole = coco.accumulate(results.select(make.merged(*images), np.array([4])), [1, 2]).metrics()
  assert next(part for part in expected if part.name == '5').metrics == pytest.approx(whole, nan_ok=True, abs=0)


def test_images_may_come_in_portions(make):
  images = make.crowded(12, classes=2, detections=20)
  whole, portions = slices.Parting('([0-9])[.]jpg'), slices.Parting('([0-9])[.]jpg')
  whole.add(make.merged(*images))
  for start in (8, 0, 4):
    portions.add(make.merged(*images[start : start + 4]))
  assert [one for _, _, one in portions.empty_slices()] == [one for _, _, one in whole.empty_slices()]
  assert (portions.images, portions.objects) == (whole.images, whole.objects)
