"""Which image belongs to which annotation, by names alone."""

import posixpath
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.voc_example_gen import listing, matching, pairing
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
  pairs, alone, refused, warnings, _ = pairing.pair_by_stem(annotations, images)
  assert pairs == dict(zip(annotations, images, strict=True))
  assert (alone, refused, warnings) == ([], (), ())
  assert time.process_time() - started < 3  # every frame with every scene's would be 1.8 million pairs


@pytest.mark.parametrize(
  ('other', 'reason'), [(thing('dog'), 'annotation_twice'), (thing(), 'annotation_repeated'), ('', 'annotation_twice')]
)
def test_of_two_annotations_for_one_image_the_nearer_is_used(tmp_path, other, reason):
  voc_maker.write(tmp_path, {'a.jpg': encode(picture()), 'a.xml': voc(thing()), 'old/a.xml': voc(other)})
  found = reader.find(listing.list_folder(str(tmp_path)))
  assert [item.annotation_file for item in found.items] == ['a.xml']
  assert [(refusal.path, refusal.reason.value) for refusal in found.refused] == [('old/a.xml', reason)]


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
  taken = matching.Names(PATHS).find('labels/x.xml', name).path
  assert not taken or taken in PATHS
  if taken:
    last = name.replace('\\', '/').rpartition('/')[2].strip().casefold()
    stem = posixpath.splitext(posixpath.basename(taken))[0]
    assert last.startswith(stem)


FOUND = {
  'the folders that the name gives': ('a.json', 'night/1.jpg', ['x/day/1.jpg', 'x/night/1.jpg'], 'x/night/1.jpg'),
  'the split of the file': (
    'data/train_labels.csv',
    '1.jpg',
    ['images/test/1.jpg', 'images/train/1.jpg'],
    'images/train/1.jpg',
  ),
  'the split of the folder': (
    'val/a.json',
    '1.jpg',
    ['pics/train2017/1.jpg', 'pics/val2017/1.jpg'],
    'pics/val2017/1.jpg',
  ),
  'the folder called like the file': (
    'ann/labels_day.json',
    '1.jpg',
    ['images/day/1.jpg', 'images/night/1.jpg'],
    'images/day/1.jpg',
  ),
  'the folder of the file': ('day/a.json', '1.jpg', ['day/img/1.jpg', 'night/img/1.jpg'], 'day/img/1.jpg'),
  'the extension': ('a.json', '1.png', ['x/1.jpg', 'y/1.png'], 'y/1.png'),
  'not a mask': ('a.json', '1.png', ['masks/1.png', 'images/1.png'], 'images/1.png'),
  'a mask that is named': ('a.json', 'masks/1.png', ['masks/1.png', 'images/1.png'], 'masks/1.png'),
  'a mask that is named from elsewhere': (
    'a.json',
    'masks/1.png',
    ['x/masks/1.png', 'x/images/1.png'],
    'x/masks/1.png',
  ),
  'the split that the name gives': ('a.json', 'val/1.jpg', ['x/train/1.jpg', 'x/val2017/1.jpg'], 'x/val2017/1.jpg'),
  'no image of the split that the name gives': ('a.json', 'val/1.jpg', ['x/train/1.jpg', 'x/val/2.jpg'], ''),
  'a person called Test': ('a.json', 'C:\\Test\\my\\pics\\1.jpg', ['train/1.jpg', 'test/2.jpg'], 'train/1.jpg'),
  'percent-encoded': ('a.json', 'd%C3%A9%20a.jpg', ['d\u00e9 a.jpg'], 'd\u00e9 a.jpg'),
  'no photograph, only its mask': ('a.json', '2.jpg', ['images/1.jpg', 'masks/1.png', 'masks/2.png'], ''),
  'no image of its split': ('train.csv', '1.jpg', ['test/1.jpg', 'train/2.jpg'], ''),
}


@pytest.mark.parametrize(('beside', 'name', 'paths', 'expected'), FOUND.values(), ids=FOUND)
def test_the_image_that_a_name_stands_for(beside, name, paths, expected):
  for order in (paths, paths[::-1]):
    found = matching.Names(order).find(beside, name)
    assert (found.path, found.several, found.passed_over) == (expected, (), ())


def test_a_name_that_fits_several_images_gives_none():
  paths = ['left/1.jpg', 'right/1.jpg']
  assert matching.Names(paths).find('a.json', '1.jpg') == ('', tuple(paths), ())


def test_an_image_that_only_the_folders_name_speaks_for_is_given_with_the_others():
  paths = ['images/1.jpg', 'other/1.jpg']
  assert matching.Names(paths).find('a.json', '1.jpg') == ('images/1.jpg', (), ('other/1.jpg',))


@pytest.mark.parametrize(
  ('name', 'reason', 'words'),
  [
    ('a.jpg', 'annotation_twice', 'more than once'),
    ('x.jpg', 'annotation_without_image', 'names "x.jpg", which is not in the folder'),
    ('x.xcf', 'annotation_without_image', 'files with the extension .xcf are not read'),
    ('', 'annotation_without_image', 'names "no image"'),
  ],
)
def test_why_an_annotation_got_no_image(name, reason, words):
  refusal = matching.refuse_unmatched('b.xml', name, matching.Names(PATHS))
  assert refusal.reason.value == reason
  assert words in refusal.detail
