"""What the ingest report counts."""

import pytest

from components.voc_example_gen.report import summary
from tests.support import voc_maker


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
