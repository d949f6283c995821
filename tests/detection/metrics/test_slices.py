"""Metrics on parts of the images."""

import pytest

from detection.base.errors import ConfigError
from detection.metrics import slices


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
