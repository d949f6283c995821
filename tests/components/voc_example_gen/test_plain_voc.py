"""Plain files give what XML's parser gives; all that is unusual is left to that."""

import random

import pytest

from components.voc_example_gen import plain_voc, voc_xml, xml_text
from components.voc_example_gen.annotation import Object
from components.voc_example_gen.refusals import RefusedFileError
from tests.support import shared_data

LABELIMG = """<annotation verified="yes">
\t<folder>images</folder>
\t<filename>a b.jpg</filename>
\t<path>C:\\images\\a b.jpg</path>
\t<source>
\t\t<database>Unknown</database>
\t</source>
\t<size>
\t\t<width>640</width>
\t\t<height>480</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>cat</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>1</difficult>
\t\t<bndbox>
\t\t\t<xmin>1</xmin>
\t\t\t<ymin>2</ymin>
\t\t\t<xmax>3.5</xmax>
\t\t\t<ymax>4</ymax>
\t\t</bndbox>
\t</object>
\t<object>
\t\t<name>dog</name>
\t\t<bndbox>
\t\t\t<ymax>9</ymax>
\t\t\t<ymin>6</ymin>
\t\t\t<xmax>8</xmax>
\t\t\t<xmin>5</xmin>
\t\t</bndbox>
\t\t<truncated>1</truncated>
\t</object>
</annotation>
"""
DEVKIT = """<annotation>
\t<folder>VOC2007</folder>
\t<filename>000005.jpg</filename>
\t<source>
\t\t<database>The VOC2007 Database</database>
\t\t<annotation>PASCAL VOC2007</annotation>
\t\t<image>flickr</image>
\t\t<flickrid>325991873</flickrid>
\t</source>
\t<owner>
\t\t<flickrid>archintent louisville</flickrid>
\t\t<name>?</name>
\t</owner>
\t<size>
\t\t<width>500</width>
\t\t<height>375</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>chair</name>
\t\t<pose>Rear</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>263</xmin>
\t\t\t<ymin>211</ymin>
\t\t\t<xmax>324</xmax>
\t\t\t<ymax>339</ymax>
\t\t</bndbox>
\t</object>
</annotation>
"""
PLAIN = {
  'labelImg': LABELIMG,
  'VOC devkit': DEVKIT,
  'a declaration': f'<?xml version="1.0" encoding="UTF-8"?>\n{LABELIMG}',
  'lines of Windows': LABELIMG.replace('\n', '\r\n'),
  'on one line': LABELIMG.replace('\n', '').replace('\t', ''),
  'other characters': LABELIMG.replace('>cat<', '>köttur<').replace('dog', '狗'),
  'no object': DEVKIT[: DEVKIT.index('\t<object>')] + '</annotation>',
  'no size': LABELIMG.replace('\t\t<width>640</width>\n\t\t<height>480</height>\n', ''),
}


def parsed(content):
  return voc_xml.to_annotation(xml_text.parse(content))


@pytest.mark.parametrize('text', PLAIN.values(), ids=PLAIN)
def test_a_plain_file_gives_what_the_parser_gives(text):
  content = text.encode()
  assert plain_voc.read(content) == parsed(content)


def test_every_element_of_a_plain_file_is_read():
  found = plain_voc.read(LABELIMG.encode())
  cat = Object('cat', 1.0, 2.0, 3.5, 4.0, difficult=True, view='Unspecified')
  assert found.objects == (cat, Object('dog', 5.0, 6.0, 8.0, 9.0, truncated=True))
  assert (found.width, found.height, found.filename, found.path) == (640, 480, 'a b.jpg', 'C:\\images\\a b.jpg')


OTHERS = {
  'an entity': ('cat', '&amp;'),
  'a section': ('cat', '<![CDATA[cat]]>'),
  'a comment': ('<size>', '<!-- here --><size>'),
  'an attribute': ('<object>', '<object id="1">'),
  'an element of another tool': ('<segmented>0</segmented>', '<segmented>0</segmented><depth_map>a</depth_map>'),
  'another element in an object': ('<pose>', '<deleted>1</deleted><pose>'),
  'a part': ('<pose>', '<part><name>head</name></part><pose>'),
  'two boxes': ('\t</object>', '<bndbox><xmin>1</xmin></bndbox>\t</object>'),
  'two names': ('<pose>', '<name>dog</name><pose>'),
  'two files': ('<segmented>', '<filename>b.jpg</filename><segmented>'),
  'a side twice': ('<ymin>2', '<xmin>7</xmin><ymin>2'),
  'a side that is no number': ('3.5', 'x'),
  'a side too few': ('\t\t\t<ymin>2</ymin>\n', ''),
  'no name': ('<name>cat</name>', '<name> </name>'),
  'no box': ('<bndbox>', '<box>'),
  'capital letters': ('<name>cat</name>', '<Name>cat</Name>'),
  'a broken end': ('</name>', '</nam>'),
  'a line break in a text': ('cat', 'cat\n'),
  'a character that is forbidden': ('cat', 'c\x01t'),
  'a number that is no character': ('cat', 'c\uffffat'),
  'an end of a section': ('cat', ']]>'),
  'a document type': ('<annotation', '<!DOCTYPE annotation><annotation'),
  'a namespace': ('<annotation', '<annotation xmlns="x"'),
  'another encoding': ('<annotation', '<?xml version="1.0" encoding="latin-1"?><annotation'),
  'a byte order mark': ('<annotation', '\ufeff<annotation'),
  'something behind it': ('</annotation>', '</annotation>x'),
}


@pytest.mark.parametrize(('old', 'new'), OTHERS.values(), ids=OTHERS)
def test_anything_unusual_is_left_to_the_parser(old, new):
  text = LABELIMG.replace(old, new, 1)
  assert text != LABELIMG
  assert plain_voc.read(text.encode()) is None


def test_bytes_that_are_no_text_and_large_files_are_left_to_the_parser():
  assert plain_voc.read(LABELIMG.replace('>cat<', '>köttur<').encode('latin-1')) is None
  assert plain_voc.read(LABELIMG.encode() + b' ' * 2**16) is None


def test_files_with_random_changes_give_what_the_parser_gives_or_nothing():
  rng, read = random.Random(0), 0
  pieces = sorted(
    {f'<{end}{tag}>' for tag in ('object', 'name', 'bndbox', 'size', 'path', 'xmin') for end in ('', '/')}
  )
  for _ in range(4000):
    text = rng.choice(list(PLAIN.values()))
    for _ in range(rng.randint(1, 3)):
      start = rng.randrange(len(text))
      new = rng.choice([*pieces, *'<>/&;x 1\n\t\r\x85\ufffe', ''])
      text = text[:start] + new + text[start + rng.choice([0, 1, len(new)]) :]
    if found := plain_voc.read(text.encode()):
      assert found == parsed(text.encode()), text
      read += 1
  assert read > 100


def test_what_cannot_be_parsed_is_not_read():
  for start in range(0, len(DEVKIT), 7):
    content = DEVKIT[:start].encode()
    with pytest.raises(RefusedFileError):
      parsed(content)
    assert plain_voc.read(content) is None


@pytest.mark.skipif(not shared_data.RACCOON.is_dir(), reason='needs the raccoon data set in ../shared/data/raccoon')
def test_files_of_labelimg_are_plain():
  files = [path.read_bytes() for path in shared_data.RACCOON.rglob('*.xml')]
  found = [plain_voc.read(content) for content in files]
  assert found.count(None) <= len(files) / 100
  assert [one for one in found if one] == [parsed(content) for content, one in zip(files, found, strict=True) if one]
