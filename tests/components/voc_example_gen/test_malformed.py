"""Everything that can be wrong with a file, and what becomes of it: one row each."""

import json
import struct
import zlib

import pytest
from PIL import Image

from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.refusals import Reason
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

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
  'an encoding nobody knows': ('<?xml version="1.0" encoding="klingon"?><annotation/>', Reason.XML_NOT_WELL_FORMED),
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
  'not a number': (voc(thing(box=('nan', 1, 2, 3))), BoxRule.NOT_FINITE),
  'infinite': (voc(thing(box=(1, 1, 'inf', 3))), BoxRule.NOT_FINITE),
  'infinite by size': (voc(thing(box=(1, 1, '1e999', 3))), BoxRule.NOT_FINITE),
  'no width': (voc(thing(box=(5, 5, 5, 20))), BoxRule.EMPTY),
  'no height': (voc(thing(box=(5, 5, 20, 5))), BoxRule.EMPTY),
  'thinner than float32': (voc(thing(box=(30, 5, 30.0000001, 20))), BoxRule.EMPTY),
  'left of the image': (voc(thing(box=(-20, 5, -1, 20))), BoxRule.OUTSIDE),
  'above the image': (voc(thing(box=(5, -20, 20, -5))), BoxRule.OUTSIDE),
  'right of the image': (voc(thing(box=(64, 5, 70, 20))), BoxRule.OUTSIDE),
  'below the image': (voc(thing(box=(5, 48, 20, 60))), BoxRule.OUTSIDE),
}


@pytest.mark.parametrize(('xml', 'rule'), DROPPED_BOXES.values(), ids=DROPPED_BOXES)
def test_a_box_that_is_dropped_leaves_the_good_one_beside_it(tmp_path, xml, rule):
  xml = xml.replace('</annotation>', thing('good') + '</annotation>')
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.jpg': encode(picture()), 'a.xml': xml})
  _, outcomes, _ = voc_maker.examine(tmp_path)
  assert outcomes['a.jpg'].rules == {rule.value: 1}
  assert [label for label, _, _ in outcomes['a.jpg'].objects] == ['good']
  assert outcomes['a.jpg'].reason == ''


def png_chunk(kind, data):
  return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def huge_png(side):
  """A PNG whose header promises side x side pixels."""
  header = png_chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0))
  return b'\x89PNG\r\n\x1a\n' + header + png_chunk(b'IDAT', zlib.compress(b'\0' * 100)) + png_chunk(b'IEND', b'')


def broken(content, at=0.5, by=b'\xff\xff\xff\xff'):
  place = int(len(content) * at)
  return content[:place] + by + content[place + len(by) :]


JPEG, PNG, WEBP = encode(picture()), encode(picture(), 'PNG'), encode(picture(), 'WEBP')
REFUSED_IMAGES = {
  'no bytes': ('a.jpg', b'', Reason.IMAGE_EMPTY),
  'text called .jpg': ('a.jpg', b'not an image', Reason.IMAGE_FORMAT_UNKNOWN),
  'an error page called .jpg': ('a.jpg', b'<html>404</html>', Reason.IMAGE_FORMAT_UNKNOWN),
  'null bytes': ('a.jpg', b'\0' * 5000, Reason.IMAGE_FORMAT_UNKNOWN),
  'SVG called .png': ('a.png', b'<svg xmlns="http://www.w3.org/2000/svg"/>', Reason.IMAGE_FORMAT_UNKNOWN),
  'PostScript, for which Pillow runs a program': (
    'a.jpg',
    b'%!PS-Adobe-3.0 EPSF-3.0\n',
    Reason.IMAGE_FORMAT_UNKNOWN,
  ),
  'a telephone photograph that was not converted': (
    'a.HEIC',
    b'\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    Reason.IMAGE_FORMAT_UNKNOWN,
  ),
  'PDF': ('a.jpg', b'%PDF-1.4\n', Reason.IMAGE_FORMAT_UNKNOWN),
  'JPEG, half': ('a.jpg', JPEG[: len(JPEG) // 2], Reason.IMAGE_CORRUPT),
  'JPEG, last bytes missing': ('a.jpg', JPEG[:-60], Reason.IMAGE_CORRUPT),
  'JPEG, header alone': ('a.jpg', JPEG[:20], Reason.IMAGE_CORRUPT),
  'JPEG, three bytes': ('a.jpg', JPEG[:3], Reason.IMAGE_CORRUPT),
  'progressive JPEG, half': ('a.jpg', encode(picture(), progressive=True)[:700], Reason.IMAGE_CORRUPT),
  'PNG, half': ('a.png', PNG[: len(PNG) // 2], Reason.IMAGE_CORRUPT),
  'PNG, a wrong checksum': ('a.png', broken(PNG, 0.6), Reason.IMAGE_CORRUPT),
  'PNG, signature alone': ('a.png', PNG[:8], Reason.IMAGE_CORRUPT),
  'BMP, half': ('a.bmp', encode(picture(), 'BMP')[:3000], Reason.IMAGE_CORRUPT),
  'WebP, half': ('a.webp', WEBP[: len(WEBP) // 2], Reason.IMAGE_CORRUPT),
  'TIFF, header alone': ('a.tif', encode(picture(), 'TIFF')[:20], Reason.IMAGE_CORRUPT),
  'GIF, header alone': ('a.gif', encode(picture(), 'GIF')[:12], Reason.IMAGE_CORRUPT),
  'decompression bomb': ('a.png', huge_png(60_000), Reason.IMAGE_TOO_LARGE),
  'more pixels than any camera': ('a.png', huge_png(11_500), Reason.IMAGE_TOO_LARGE),
  'fewer pixels than promised': ('a.png', huge_png(500), Reason.IMAGE_CORRUPT),
  'floating point TIFF': ('a.tif', encode(Image.new('F', (8, 8)), 'TIFF'), Reason.IMAGE_FORMAT_UNKNOWN),
}


@pytest.mark.filterwarnings('ignore::PIL.Image.DecompressionBombWarning')  # pytest sets the module's own filter aside
@pytest.mark.parametrize(('name', 'content', 'reason'), REFUSED_IMAGES.values(), ids=REFUSED_IMAGES)
def test_an_image_that_cannot_be_used(tmp_path, name, content, reason):
  voc_maker.write(tmp_path, {**voc_maker.good(), name: content, 'a.xml': voc(thing(), filename=name)})
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {name: reason.value}


def coco(images=None, annotations=None, categories=None, **others):
  """A COCO file on two good images; arguments replace its sections."""
  good = [{'id': n, 'file_name': f'good-{n}.jpg', 'width': 64, 'height': 48} for n in (1, 2)]
  boxes = [{'id': n, 'image_id': n, 'category_id': 7, 'bbox': [1, 2, 20, 20]} for n in (1, 2)]
  sections = {'images': good, 'annotations': boxes, 'categories': [{'id': 7, 'name': 'cat'}]}
  given = {'images': images, 'annotations': annotations, 'categories': categories}
  return {**sections, **{name: value for name, value in given.items() if value is not None}, **others}


BOX = {'id': 9, 'image_id': 1, 'category_id': 7}
COCO_DROPS = {
  'unknown category': ({**BOX, 'category_id': 8, 'bbox': [1, 1, 5, 5]}, BoxRule.UNNAMED),
  'no box': (BOX, BoxRule.MISSING),
  'three numbers': ({**BOX, 'bbox': [1, 2, 3]}, BoxRule.MISSING),
  'box of words': ({**BOX, 'bbox': ['1', '2', '3', '4']}, BoxRule.MISSING),
  'box of truths': ({**BOX, 'bbox': [True, True, True, True]}, BoxRule.MISSING),
  'negative width': ({**BOX, 'bbox': [10, 10, -5, 5]}, BoxRule.EMPTY),
  'not finite': ({**BOX, 'bbox': [float('nan'), 1, 2, 3]}, BoxRule.NOT_FINITE),
  'a number of 400 digits': ({**BOX, 'bbox': [10**400, 1, 2, 3]}, BoxRule.NOT_FINITE),
  'outside': ({**BOX, 'bbox': [900, 1, 2, 3]}, BoxRule.OUTSIDE),
}


@pytest.mark.parametrize(('entry', 'rule'), COCO_DROPS.values(), ids=COCO_DROPS)
def test_a_coco_box_that_is_dropped(tmp_path, entry, rule):
  document = coco()
  document['annotations'].append(entry)
  voc_maker.write(tmp_path, {**voc_maker.good('coco'), 'instances.json': json.dumps(document)})
  _, outcomes, _ = voc_maker.examine(tmp_path)
  assert outcomes['good-1.jpg'].rules == {rule.value: 1}
  assert len(outcomes['good-1.jpg'].objects) == 1


MORE_IMAGES = [*coco()['images'], {'id': 3, 'file_name': '../../etc/lost.jpg'}]
TWICE = [*coco()['images'], {'id': 3, 'file_name': 'good-1.jpg'}]
ORPHANS = [*coco()['annotations'], {'id': 3, 'image_id': 99, 'category_id': 7, 'bbox': [1, 1, 2, 2]}]
COCO_REFUSED = {
  'an image that is not there': (json.dumps(coco(images=MORE_IMAGES)), Reason.ANNOTATION_WITHOUT_IMAGE),
  'an image listed twice': (json.dumps(coco(images=TWICE)), Reason.ANNOTATION_TWICE),
  'boxes of an image not listed': (json.dumps(coco(annotations=ORPHANS)), Reason.ANNOTATION_WITHOUT_IMAGE),
}


@pytest.mark.parametrize(('content', 'reason'), COCO_REFUSED.values(), ids=COCO_REFUSED)
def test_a_coco_entry_that_cannot_be_used(tmp_path, content, reason):
  voc_maker.write(tmp_path, {**voc_maker.good('coco'), 'instances.json': content})
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'instances.json': reason.value}
  assert sum(tally.images.values()) == 2


BROKEN_COCO = {
  'cut short': json.dumps(coco())[:100],
  'no JSON': '{"images": [1, 2,',
  'nested without end': '[' * 100_000,
  'sections of another kind': json.dumps(coco(categories=[], images={'1': 'a.jpg'})),
  'no categories': json.dumps({'images': [], 'annotations': []}),
}


@pytest.mark.parametrize('content', BROKEN_COCO.values(), ids=BROKEN_COCO)
def test_a_coco_file_that_cannot_be_read(tmp_path, content):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'instances.json': content})
  _, _, tally = voc_maker.examine(tmp_path, data_format='coco')
  assert voc_maker.reasons(tally)['instances.json'] == Reason.ANNOTATION_MALFORMED.value


YOLO_REFUSED = {
  'words': 'cat 0.5 0.5 0.1 0.1',
  'too few numbers': '0 0.5 0.5 0.1',
  'negative class': '-1 0.5 0.5 0.1 0.1',
  'half a class': '0.5 0.5 0.5 0.1 0.1',
  'binary': b'\xff\xfe\x00\x01\x02',
}


@pytest.mark.parametrize('content', YOLO_REFUSED.values(), ids=YOLO_REFUSED)
def test_a_yolo_file_that_cannot_be_read(tmp_path, content):
  labels = {'good-1.txt': '0 0.5 0.5 0.2 0.2', 'good-2.txt': '0 0.5 0.5 0.2 0.2', 'a.txt': content}
  voc_maker.write(tmp_path, {**voc_maker.good('yolo'), 'a.jpg': JPEG, **labels})
  _, _, tally = voc_maker.examine(tmp_path, data_format='yolo')
  assert voc_maker.reasons(tally)['a.txt'] == Reason.ANNOTATION_MALFORMED.value


YOLO_DROPS = {
  'a class beyond the list': ('5 0.5 0.5 0.2 0.2', BoxRule.UNNAMED),
  'negative width': ('0 0.5 0.5 -0.2 0.2', BoxRule.EMPTY),
  'no area': ('0 0.5 0.5 0 0.2', BoxRule.EMPTY),
  'pixels instead of fractions': ('0 320 240 100 100', BoxRule.OUTSIDE),
  'not finite': ('0 nan 0.5 0.2 0.2', BoxRule.NOT_FINITE),
}


@pytest.mark.parametrize(('line', 'rule'), YOLO_DROPS.values(), ids=YOLO_DROPS)
def test_a_yolo_box_that_is_dropped(tmp_path, line, rule):
  labels = {'good-1.txt': f'0 0.5 0.5 0.2 0.2\n{line}\n', 'good-2.txt': '0 0.5 0.5 0.2 0.2', 'classes.txt': 'cat\n'}
  voc_maker.write(tmp_path, {**voc_maker.good('yolo'), **labels})
  _, outcomes, _ = voc_maker.examine(tmp_path)
  assert outcomes['good-1.jpg'].rules == {rule.value: 1}
  assert [label for label, _, _ in outcomes['good-1.jpg'].objects] == ['cat']


HEADER = 'filename,width,height,class,xmin,ymin,xmax,ymax\n'
GOOD_ROWS = HEADER + ''.join(f'good-{n}.jpg,64,48,cat,1,2,20,30\n' for n in (1, 2))
CSV_DROPS = {
  'no class': ('good-1.jpg,64,48,,1,2,20,30', BoxRule.UNNAMED),
  'a word for a number': ('good-1.jpg,64,48,cat,one,2,20,30', BoxRule.MISSING),
  'cut short': ('good-1.jpg,64,48,cat,1', BoxRule.MISSING),
  'outside': ('good-1.jpg,64,48,cat,100,2,200,30', BoxRule.OUTSIDE),
}


@pytest.mark.parametrize(('row', 'rule'), CSV_DROPS.values(), ids=CSV_DROPS)
def test_a_csv_row_that_is_dropped(tmp_path, row, rule):
  voc_maker.write(tmp_path, {**voc_maker.good('csv'), 'labels.csv': GOOD_ROWS + row + '\n'})
  _, outcomes, _ = voc_maker.examine(tmp_path)
  assert outcomes['good-1.jpg'].rules == {rule.value: 1}
  assert len(outcomes['good-1.jpg'].objects) == 1


CSV_REFUSED = {
  'an image that is not there': (GOOD_ROWS + 'lost.jpg,64,48,cat,1,2,20,30\n', Reason.ANNOTATION_WITHOUT_IMAGE),
  'a path out of the folder': (GOOD_ROWS + '../../secret.jpg,64,48,cat,1,2,3,4\n', Reason.ANNOTATION_WITHOUT_IMAGE),
}


@pytest.mark.parametrize(('content', 'reason'), CSV_REFUSED.values(), ids=CSV_REFUSED)
def test_a_csv_entry_that_cannot_be_used(tmp_path, content, reason):
  voc_maker.write(tmp_path, {**voc_maker.good('csv'), 'labels.csv': content})
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'labels.csv': reason.value}


def test_a_csv_file_that_is_no_text(tmp_path):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'labels.csv': HEADER.encode() + b'\xff\xff'})
  _, _, tally = voc_maker.examine(tmp_path, data_format='csv')
  assert voc_maker.reasons(tally)['labels.csv'] == Reason.ANNOTATION_MALFORMED.value


@pytest.mark.parametrize('gone', ['a.jpg', 'a.xml'])
def test_a_file_that_disappears_while_reading_is_quarantined(tmp_path, gone):
  from components.voc_example_gen import ingest, plan
  from components.voc_example_gen.settings import IngestSettings

  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.jpg': JPEG, 'a.xml': voc(thing())})
  planned = plan.make(str(tmp_path), IngestSettings())
  (tmp_path / gone).unlink()
  task = next(task for shard in planned.shards for task in shard.tasks if task.item.image == 'a.jpg')
  record, outcome = ingest.process(planned.root, task, 'train', True)
  assert record == b''
  assert outcome.reason in (Reason.IMAGE_UNREADABLE.value, Reason.ANNOTATION_UNREADABLE.value)
  assert (outcome.file or outcome.image) == gone


def test_an_unreadable_file_is_quarantined(tmp_path):
  import os

  if os.geteuid() == 0:
    (tmp_path / 'a.jpg').symlink_to('nowhere')  # root may read everything: a dead link stands in
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.xml': voc(thing())})
  if os.geteuid() != 0:
    voc_maker.write(tmp_path, {'a.jpg': JPEG})
    (tmp_path / 'a.jpg').chmod(0)
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'a.jpg': Reason.IMAGE_UNREADABLE.value}
