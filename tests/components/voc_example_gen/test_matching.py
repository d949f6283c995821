"""Which image belongs to which annotation, by names alone."""

import posixpath
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.voc_example_gen import listing, matching
from components.voc_example_gen.formats import voc as reader
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc


def test_equal_stems_pair_within_their_own_folders(tmp_path):
  files = {}
  for part in ('train', 'test'):
    for day in ('mon', 'tue'):
      files[f'{part}/Annotations/{day}/1.xml'] = voc(thing())
      files[f'{part}/JPEGImages/{day}/1.jpg'] = encode(picture(len(files)))
  voc_maker.write(tmp_path, files)
  pairs = {item.annotation_file: item.image for item in reader.find(listing.list_folder(str(tmp_path))).items}
  assert len(pairs) == 4
  for xml, image in pairs.items():
    assert image == xml.replace('Annotations', 'JPEGImages').replace('.xml', '.jpg')


@pytest.mark.parametrize('layout', ['{0}/{1}.{2}', '{0}/{2}/{1}.{2}', '{2}/{0}/{1}.{2}', 'all/{0}/{2}/a/{1}.{2}'])
def test_many_scenes_with_the_same_frame_numbers_pair_at_once(layout):
  names = [(f'scene{scene:03}', f'{frame:04}') for scene in range(300) for frame in range(20)]
  annotations = [layout.format(scene, frame, 'xml') for scene, frame in names]
  images = [layout.format(scene, frame, 'jpg') for scene, frame in names]
  started = time.process_time()
  pairs, alone = matching.pair_by_stem(annotations, images)
  assert pairs == dict(zip(annotations, images, strict=True))
  assert alone == []
  assert time.process_time() - started < 3  # every frame with every scene's would be 1.8 million pairs


def test_two_annotations_for_one_image_refuse_the_farther(tmp_path):
  voc_maker.write(tmp_path, {'a.jpg': encode(picture()), 'a.xml': voc(thing()), 'old/a.xml': voc(thing())})
  found = reader.find(listing.list_folder(str(tmp_path)))
  assert [item.annotation_file for item in found.items] == ['a.xml']
  assert [(refusal.path, refusal.reason.value) for refusal in found.refused] == [('old/a.xml', 'annotation_twice')]


PATHS = ['a.jpg', 'b/a.jpg', 'b/c.png']

hostile = st.one_of(
  st.text(max_size=40),
  st.lists(st.sampled_from(['..', '.', '', 'b', 'a.jpg', 'etc', 'passwd', 'C:', '~', 'c']), max_size=6).flatmap(
    lambda parts: st.sampled_from(['/'.join(parts), '\\'.join(parts), '/' + '/'.join(parts)])
  ),
)


@given(name=hostile)
@settings(max_examples=100, deadline=None)
def test_no_name_ever_leads_outside_the_folder(name):
  taken = matching.Names(PATHS).take('labels/x.xml', name)
  assert taken is None or taken in PATHS
  if taken:
    last = name.replace('\\', '/').rpartition('/')[2].strip().casefold()
    stem = posixpath.splitext(posixpath.basename(taken))[0]
    assert last.startswith(stem)
