"""Reading Pascal VOC: where an annotation's image is, what a file says, what is refused, what is dropped."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.voc_example_gen import boxes, listing
from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from components.voc_example_gen.formats import voc as reader
from components.voc_example_gen.refusals import Reason, RefusedFileError
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
  'stem first, whatever the name inside': ('a.jpg', 'a.xml', 'good-1.jpg'),
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


LAUGHS = (
  '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
  '<annotation><filename>&b;</filename></annotation>'
)

EXTERNAL = (
  '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
  '<annotation><filename>&e;</filename></annotation>'
)

REMOTE_DTD = '<!DOCTYPE annotation SYSTEM "http://127.0.0.1:9/x.dtd"><annotation/>'


def object_xml(inside):
  return f'<annotation><object>{inside}</object></annotation>'


REFUSED_XML = {
  'empty file': ('', Reason.XML_NOT_WELL_FORMED),
  'white space': ('  \n', Reason.XML_NOT_WELL_FORMED),
  'no XML': ('cat 1 2 3 4', Reason.XML_NOT_WELL_FORMED),
  'cut short': (voc(thing())[:90], Reason.XML_NOT_WELL_FORMED),
  'something after the end': (voc(thing()) + '<annotation/>', Reason.XML_NOT_WELL_FORMED),
  'unclosed element': ('<annotation><object></annotation>', Reason.XML_NOT_WELL_FORMED),
  'bare ampersand': (voc(thing('cat & dog')), Reason.XML_NOT_WELL_FORMED),
  'unknown entity': (voc(thing('&nbsp;')), Reason.XML_NOT_WELL_FORMED),
  'not in its declared encoding': (
    b'<?xml version="1.0" encoding="utf-8"?><annotation><folder>\xff\xfe</folder></annotation>',
    Reason.XML_NOT_WELL_FORMED,
  ),
  'an encoding nobody knows': (
    '<?xml version="1.0" encoding="klingon"?><annotation>ö</annotation>',
    Reason.XML_NOT_WELL_FORMED,
  ),
  'null bytes': (b'\0' * 100, Reason.XML_NOT_WELL_FORMED),
  'an image called .xml': (encode(picture()), Reason.XML_NOT_WELL_FORMED),
  'entity expansion': (LAUGHS, Reason.XML_FORBIDDEN),
  'external entity': (EXTERNAL, Reason.XML_FORBIDDEN),
  'external document type': (REMOTE_DTD, Reason.XML_FORBIDDEN),
  'an HTML page': ('<html><body/></html>', Reason.NOT_AN_ANNOTATION),
  'another tool': ('<annotations><image/></annotations>', Reason.NOT_AN_ANNOTATION),
  'too large': ('<annotation>' + ' ' * (8 * 2**20) + '</annotation>', Reason.ANNOTATION_TOO_LARGE),
  'object without a name': (object_xml('<bndbox/>'), Reason.NO_USABLE_BOX),
  'all boxes empty': (voc(thing(box=(5, 5, 5, 5))), Reason.NO_USABLE_BOX),
  'all boxes outside': (voc(thing(box=(900, 10, 950, 20))), Reason.NO_USABLE_BOX),
}


@pytest.mark.parametrize(('xml', 'reason'), REFUSED_XML.values(), ids=REFUSED_XML)
def test_an_annotation_that_cannot_be_used(tmp_path, xml, reason):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.jpg': encode(picture()), 'a.xml': xml})
  _, _, tally = voc_maker.examine(tmp_path, data_format='voc')
  refused = voc_maker.reasons(tally)
  assert refused in ({'a.xml': reason.value}, {'a.jpg': reason.value})
  assert sum(tally.images.values()) == 2


DROPPED_BOXES = {
  'no bndbox': (object_xml('<name>cat</name>'), BoxRule.MISSING),
  'a corner missing': (
    object_xml('<name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax></bndbox>'),
    BoxRule.MISSING,
  ),
  'a corner that is no number': (voc(thing(box=(1, 'two', 3, 4))), BoxRule.MISSING),
  'an empty corner': (voc(thing(box=(1, '', 3, 4))), BoxRule.MISSING),
  'a box only in a part': (
    object_xml('<name>cat</name><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>'),
    BoxRule.MISSING,
  ),
  'name of spaces': (voc(thing('  ')), BoxRule.UNNAMED),
  'name without end': (voc(thing('x' * 5000)), BoxRule.UNNAMED),
}


@pytest.mark.parametrize(('xml', 'rule'), DROPPED_BOXES.values(), ids=DROPPED_BOXES)
def test_a_box_that_is_dropped_leaves_the_good_one_beside_it(tmp_path, xml, rule):
  xml = xml.replace('</annotation>', thing('good') + '</annotation>')
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.jpg': encode(picture()), 'a.xml': xml})
  _, outcomes, _ = voc_maker.examine(tmp_path)
  assert outcomes['a.jpg'].rules == {rule.value: 1}
  assert [label for label, _, _ in outcomes['a.jpg'].objects] == ['good']
  assert outcomes['a.jpg'].reason == ''


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
