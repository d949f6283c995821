"""What the ingest report counts."""

import pytest

from components.voc_example_gen.report import summary
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc


def test_everything_is_counted_once(messy):
  planned, _, tally = voc_maker.examine(messy)
  found = summary.as_dict(planned, tally)
  assert sum(found['images'].values()) == 12
  assert sum(found['negatives'].values()) == 1
  assert found['boxes'] == {'clipped_to_image': 2, 'merged_exact_duplicate': 1, 'swapped_corners_put_right': 2}
  assert found['notes'] == {'size_disagrees': 1}
  assert {(entry['file'], entry['reason']) for entry in found['refused']} == {
    ('JPEGImages/half.jpg', 'image_corrupt'),
    ('Annotations/lost.xml', 'annotation_without_image'),
  }
  assert [entry['reason'] for entry in found['set_aside']] == ['image_not_annotated']
  assert found['bad_fraction'] == pytest.approx(2 / 14, abs=1e-6)
  assert sum(entry['objects'] for entry in found['box_sizes']) == 11
  assert sum(entry['objects'] for entry in found['box_aspects']) == 11
  assert 'Class "bird" is in one image only.' in found['warnings']
  # Every file of the folder is used, refused or set aside: nothing is lost silently.
  files = {p.relative_to(messy).as_posix() for p in messy.rglob('*') if p.is_file()}
  named = {entry['file'] for entry in found['refused'] + found['set_aside']}
  stems = [*(f'{number:03}' for number in range(10)), 'neg', 'clip', 'half']
  used = {f'JPEGImages/{stem}.jpg' for stem in stems} | {f'Annotations/{stem}.xml' for stem in stems}
  assert files - named == used - named


def test_scaled_boxes_are_told_with_the_names_of_their_images(tmp_path):
  files = {f'{n}.jpg': encode(picture(n)) for n in range(1, 6)}
  files |= {f'{n}.xml': voc(thing(box=(100, 100, 300, 300)), size=(640, 480)) for n in range(1, 6)}
  found = summary.as_dict(*_planned_and_tally(voc_maker.write(tmp_path, files)))
  assert found['boxes'] == {'scaled_to_image': 5}
  assert found['notes'] == {}
  assert (
    'Annotations declare another size than the image has, of the same shape; boxes were scaled: '
    '1.jpg, 2.jpg, 3.jpg and 2 more.'
  ) in found['warnings']


def test_an_image_of_another_shape_is_told_by_name_or_refused(tmp_path):
  files = {f'{n}.jpg': encode(picture(n)) for n in range(1, 5)}
  files |= {f'{n}.xml': voc(thing()) for n in (1, 2)}
  files |= {'3.xml': voc(thing(), size=(48, 64)), '4.xml': voc(thing(), size=(640, 640))}
  planned, tally = _planned_and_tally(voc_maker.write(tmp_path, files))
  found = summary.as_dict(planned, tally)
  assert voc_maker.reasons(tally) == {'4.jpg': 'coordinates_unclear'}
  assert (
    'Annotations declare another size than the image has; boxes were taken as they are: 3.jpg.' in found['warnings']
  )


def _planned_and_tally(root):
  planned, _, tally = voc_maker.examine(root)
  return planned, tally
