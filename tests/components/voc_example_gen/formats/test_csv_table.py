"""Reading and writing the flat table: its dialects, what is refused, what is dropped."""

import pytest

from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.formats import csv_table
from components.voc_example_gen.refusals import Reason, RefusedFileError
from tests.support import voc_maker
from tests.support.read_folder import read_folder


@pytest.mark.parametrize(
  'text',
  [
    pytest.param('filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,64,48,cat,1,2,3,4\n', id='as in tutorials'),
    pytest.param('\ufefffilename,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,2,3,4\n', id='byte order mark, no size'),
    pytest.param('filename;class;xmin;ymin;xmax;ymax\r\na.jpg;cat;1;2;3;4\r\n', id='a spreadsheet in Europe'),
    pytest.param('xmin,ymin,xmax,ymax,Class,Filename\n1,2,3,4,cat,"a.jpg"\n', id='another order, quotes, capitals'),
    pytest.param('filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,1.0,2,3,4.00\n\n', id='floats and an empty line'),
  ],
)
def test_reading_csv(text):
  (annotation,) = csv_table.parse(text.encode()).annotations
  (thing,) = annotation.objects
  assert (annotation.filename, thing.label) == ('a.jpg', 'cat')
  assert (thing.xmin, thing.ymin, thing.xmax, thing.ymax) == (1, 2, 3, 4)


@pytest.mark.parametrize('text', ['', 'a,b,c\n1,2,3\n', '\n\n'])
def test_another_csv_file_is_no_annotation(text):
  with pytest.raises(RefusedFileError, match='not_an_annotation'):
    csv_table.parse(text.encode())


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


def folder(tmp_path, tables, images):
  """Writes tables and pictures of 64x48 pixels, and reads the folder."""
  files = {name: voc_maker.encode(voc_maker.picture(number)) for number, name in enumerate(images)}
  return read_folder(voc_maker.write(tmp_path, {**files, **tables}))


TWO = ('1.jpg', '2.jpg')
BOX = {image: [('cat', (16, 12, 32, 36))] for image in TWO}

EXPORTS = {
  'VoTT': '"image","xmin","ymin","xmax","ymax","label"\n"1.jpg",16,12,32,36,"cat"\n"2.jpg",16,12,32,36,"cat"\n',
  'keras-retinanet': 'images/1.jpg,16,12,32,36,cat\nimages/2.jpg,16,12,32,36,cat\n',
  'Open Images': 'ImageID,LabelName,XMin,XMax,YMin,YMax\n1,cat,0.25,0.5,0.25,0.75\n2,cat,0.25,0.5,0.25,0.75\n',
  'Kaggle': 'image_id,label,bbox\n1,cat,"[16, 12, 16, 24]"\n2,cat,"[16, 12, 16, 24]"\n',
}


@pytest.mark.parametrize('text', EXPORTS.values(), ids=EXPORTS)
def test_tables_of_other_exporters_give_the_same_boxes(tmp_path, text):
  found = folder(tmp_path, {'labels.csv': text}, TWO)
  assert found.boxes == BOX
  assert found.refused == {}


def test_open_images_codes_have_the_names_of_the_table_beside(tmp_path):
  boxes = 'ImageID,LabelName,XMin,XMax,YMin,YMax\n1,/m/01yrx,0.25,0.5,0.25,0.75\n2,/m/01yrx,0.25,0.5,0.25,0.75\n'
  tables = {'train-annotations-bbox.csv': boxes, 'class-descriptions-boxable.csv': '/m/01yrx,cat\n/m/0bt9lr,Dog\n'}
  assert folder(tmp_path, tables, TWO).boxes == BOX


def test_another_table_is_set_aside_by_name(tmp_path):
  tables = {'labels.csv': EXPORTS['VoTT'], 'classes.csv': 'cat,0\n', 'kinds.csv': 'filename,label\n1.jpg,indoors\n'}
  found = folder(tmp_path, tables, TWO)
  assert found.boxes == BOX
  assert (found.refused, found.set_aside) == (
    {},
    {'classes.csv': 'not_for_detection', 'kinds.csv': 'not_for_detection'},
  )


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'gbk'])
def test_a_table_of_another_encoding_gives_its_class_names(tmp_path, encoding):
  text = EXPORTS['VoTT'].replace('cat', '狗')
  found = folder(tmp_path, {'labels.csv': text.encode(encoding)}, TWO)
  assert {label for boxes in found.boxes.values() for label, _ in boxes} == {'狗'}
  assert [warning for warning in found.warnings if 'GBK' in warning] == (
    ['labels.csv: it is not UTF-8, and is read as GBK.'] if encoding == 'gbk' else []
  )


def test_a_bare_name_is_of_the_folder_that_goes_with_the_table(tmp_path):
  head = 'filename,class,xmin,ymin,xmax,ymax\n'
  tables = {
    'data/train_labels.csv': f'{head}1.jpg,cat,16,12,32,36\n2.jpg,cat,16,12,32,36\n',
    'data/test_labels.csv': f'{head}2.jpg,dog,1,2,20,20\n',
  }
  found = folder(
    tmp_path, tables, ('images/train/1.jpg', 'images/train/2.jpg', 'images/test/1.jpg', 'images/test/2.jpg')
  )
  assert {image: [label for label, _ in boxes] for image, boxes in found.boxes.items()} == {
    'images/train/1.jpg': ['cat'],
    'images/train/2.jpg': ['cat'],
    'images/test/2.jpg': ['dog'],
  }


def test_a_whole_table_beside_its_splits_is_no_fault(tmp_path):
  head, first, second = EXPORTS['VoTT'].splitlines(keepends=True)
  tables = {'all.csv': head + first + second, 'train.csv': head + first, 'test.csv': head + second}
  found = folder(tmp_path, tables, TWO)
  assert found.boxes == BOX
  assert found.split == {'1.jpg': 'train', '2.jpg': 'eval'}
  assert found.refused == {}
