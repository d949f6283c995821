"""Reading and finding Pascal VOC."""

import contextlib
import os
import posixpath
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.voc_example_gen import boxes, listing, matching
from components.voc_example_gen.annotation import Annotation, Object
from components.voc_example_gen.formats import voc as reader
from components.voc_example_gen.refusals import RefusedFileError
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

CAT = Object('cat', 10, 10, 30, 30)
READ = {
  'as labelImg writes it': (voc(thing()), (CAT,)),
  'byte order mark': (b'\xef\xbb\xbf' + voc(thing()).encode(), (CAT,)),
  'UTF-16': (f'<?xml version="1.0" encoding="utf-16"?>{voc(thing())}'.encode('utf-16'), (CAT,)),
  'blank lines before it': ('\n\n' + voc(thing(), head='<?xml version="1.0"?>'), (CAT,)),
  'namespace': (voc(thing()).replace('<annotation>', '<annotation xmlns="http://example.org">'), (CAT,)),
  'prefix': (voc(thing()).replace('annotation>', 'v:annotation>').replace('<v:', '<v:', 1).replace(
    '<v:annotation>', '<v:annotation xmlns:v="x">'), (CAT,)),
  'capital letters': (voc(thing()).replace('bndbox', 'BndBox').replace('<name>', '<Name>').replace(
    '</name>', '</Name>'), (CAT,)),
  'floating point': (voc(thing(box=('10.5', ' 10.25 ', '3e1', '30.0'))), (Object('cat', 10.5, 10.25, 30, 30),)),
  'corners in another order': (
    '<annotation><object><bndbox><ymax>30</ymax><xmax>30</xmax><ymin>10</ymin><xmin>10</xmin></bndbox>'
    '<name>cat</name></object></annotation>', (CAT,)),
  'a part with a box of its own': (
    voc(thing(extra='<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>')), (CAT,)),
  'flags': (
    voc(thing(extra='<difficult>1</difficult><truncated>true</truncated><pose>Left</pose>')),
    (Object('cat', 10, 10, 30, 30, difficult=True, truncated=True, view='Left'),)),
  'flags that say nothing': (voc(thing(extra='<difficult>Unspecified</difficult><truncated/>')), (CAT,)),
  'names with spaces around and within': (voc(thing('  polar \n bear ')), (Object('polar bear', 10, 10, 30, 30),)),
  'one spelling of accents': (voc(thing('Ba\u0308r')), (Object('B\u00e4r', 10, 10, 30, 30),)),
  'escaped characters': (voc(thing('cat &amp; &#100;og')), (Object('cat & dog', 10, 10, 30, 30),)),
  'no size': (voc(thing(), size=None), (CAT,)),
  'no objects': (voc(), ()),
}  # fmt: skip


@pytest.mark.parametrize(('xml', 'objects'), READ.values(), ids=READ)
def test_reading(xml, objects):
  annotation = reader.parse(xml if isinstance(xml, bytes) else xml.encode())
  assert annotation.objects == objects
  assert annotation.dropped == ()


@pytest.mark.parametrize(
  ('size', 'expected'),
  [
    (('64', '48'), (64, 48)),
    (('64.0', '48.9'), (64, 48)),
    (('0', '0'), (None, None)),
    (('', 'x'), (None, None)),
    (('-5', 'nan'), (None, None)),
    (('1e300', 'inf'), (None, None)),
  ],
)
def test_a_size_that_makes_no_sense_is_no_size(size, expected):
  annotation = reader.parse(voc(size=size).encode())
  assert (annotation.width, annotation.height) == expected


# Where an image lies, what its XML is called, and what the XML calls its image.
FOUND = {
  'devkit': ('JPEGImages/a.jpg', 'Annotations/a.xml', 'a.jpg'),
  'devkit with a year': ('VOC2012/JPEGImages/a.jpg', 'VOC2012/Annotations/a.xml', 'a.jpg'),
  'labelImg': ('a.jpg', 'a.xml', 'a.jpg'),
  'images and annotations': ('images/a.jpg', 'annotations/xmls/a.xml', 'a.jpg'),
  'train folder': ('train/a.jpg', 'train/a.xml', 'a.jpg'),
  'nested': ('x/y/z/a.jpg', 'x/y/labels/a.xml', 'a.jpg'),
  'mixed case extensions': ('a.JPG', 'a.XML', 'a.jpg'),
  'JPEG': ('a.JpEg', 'a.xml', 'a.jpg'),
  'no extension inside': ('a.jpg', 'a.xml', 'a'),
  'wrong extension inside': ('a.png', 'a.xml', 'a.jpg'),
  'no file name inside': ('a.jpg', 'a.xml', ''),
  'stem first, whatever stands inside': ('a.jpg', 'a.xml', 'good-1.jpg'),
  'a file name of another stem': ('photo.jpg', 'label_1.xml', 'photo.jpg'),
  'its stem, in another format': ('photo.PNG', 'label_1.xml', 'photo.jpg'),
  'a Windows path': ('img/photo.jpg', 'label_1.xml', 'C:\\Users\\Ann\\photo.jpg'),
  'a Unix path': ('img/photo.jpg', 'label_1.xml', '/home/ann/photo.jpg'),
  'non-ASCII': ('Bäume/größe 1.jpg', 'Bäume/größe 1.xml', 'größe 1.jpg'),
  'non-ASCII, composed and not': ('gr\u00f6\u00dfe.jpg', 'gro\u0308\u00dfe.xml', 'x.jpg'),
  'spaces and brackets': ('my photo (1).jpg', 'my photo (1).xml', 'my photo (1).jpg'),
  'dots': ('img.v2.final.jpg', 'img.v2.final.xml', 'img.v2.final.jpg'),
  'case of the stem': ('IMG_1.JPG', 'img_1.xml', 'img_1.jpg'),
}


@pytest.mark.parametrize(('image', 'xml', 'filename'), FOUND.values(), ids=FOUND)
def test_an_annotation_finds_its_image(tmp_path, image, xml, filename):
  voc_maker.write(tmp_path, {**voc_maker.good(), image: encode(picture()), xml: voc(thing(), filename=filename)})
  found = reader.find(listing.list_folder(str(tmp_path)))
  assert {item.image: item.annotation_file for item in found.items}[image] == xml
  assert found.refused == ()


def test_the_path_element_helps_where_the_file_name_does_not(tmp_path):
  xml = voc(thing(), filename='gone.jpg', path='D:\\data\\photo.jpg')
  voc_maker.write(tmp_path, {'photo.jpg': encode(picture()), 'label.xml': xml})
  assert [item.image for item in reader.find(listing.list_folder(str(tmp_path))).items] == ['photo.jpg']


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


def test_junk_is_ignored(tmp_path):
  junk = ('.DS_Store', 'Thumbs.db', '._a.jpg', '.git/x.xml', '__MACOSX/a.jpg', 'SegmentationClass/a.png', 'notes.md')
  voc_maker.write(tmp_path, {**voc_maker.good(), **dict.fromkeys(junk, 'junk'), 'classes.txt': 'cat\n'})
  planned, outcomes, tally = voc_maker.examine(tmp_path)
  assert sorted(outcomes) == ['good-1.jpg', 'good-2.jpg']
  assert tally.refused == []
  assert planned.data_format == 'voc'


def test_a_pipe_or_a_device_is_never_opened(tmp_path):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.xml': voc(thing()), 'b.xml': voc(thing(), filename='b.jpg')})
  os.mkfifo(tmp_path / 'a.jpg')
  (tmp_path / 'b.jpg').symlink_to('/dev/zero')
  _, outcomes, tally = voc_maker.examine(tmp_path)
  assert sorted(outcomes) == ['good-1.jpg', 'good-2.jpg']
  assert voc_maker.reasons(tally) == dict.fromkeys(['a.xml', 'b.xml'], 'annotation_without_image')


def test_a_link_that_goes_in_a_circle_is_followed_once(tmp_path):
  voc_maker.write(tmp_path, voc_maker.good())
  (tmp_path / 'again').symlink_to(tmp_path)
  assert len(listing.list_folder(str(tmp_path)).files) == 4


numbers = st.one_of(
  st.floats(allow_nan=True, allow_infinity=True),
  st.integers(-(10**12), 10**12),
  st.sampled_from(['', 'x', '1e999', '0x10', '1_0', '٣', ' 5 ', '5,5']),
)
names = st.text(st.characters(codec='utf-8', exclude_characters='<&\r', exclude_categories=('Cc', 'Cs')), max_size=30)


@given(
  boxes_given=st.lists(st.tuples(names, st.tuples(numbers, numbers, numbers, numbers)), max_size=5),
  size=st.tuples(numbers, numbers),
  image=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
)
@settings(max_examples=80, deadline=None)
def test_no_box_ever_leaves_the_unit_square(boxes_given, size, image):
  xml = voc(*(thing(name, box) for name, box in boxes_given), size=size)
  try:
    annotation = reader.parse(xml.encode())
  except RefusedFileError:
    return
  usable, counts = boxes.usable(annotation, *image)
  for box in usable:
    assert 0 <= box.ymin < box.ymax <= 1
    assert 0 <= box.xmin < box.xmax <= 1
    assert box.label.strip() == box.label != ''
  dropped = sum(count for rule, count in counts.items() if rule.startswith(('dropped', 'merged')))
  assert len(usable) + dropped == len(boxes_given)


@given(content=st.binary(max_size=400))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_read_or_refused(content):
  with contextlib.suppress(RefusedFileError):
    assert isinstance(reader.parse(content), Annotation)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_damaged_file_is_read_or_refused(data):
  content = bytearray(voc(thing(), thing('dog', (1, 2, 3, 4))).encode())
  for _ in range(data.draw(st.integers(1, 8))):
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
  try:
    annotation = reader.parse(bytes(content))
  except RefusedFileError:
    return
  for box in boxes.usable(annotation, 64, 48)[0]:
    assert 0 <= box.ymin < box.ymax <= 1
    assert 0 <= box.xmin < box.xmax <= 1


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
