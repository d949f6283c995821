"""Reading and writing the flat table: its dialects, what is refused, what is dropped."""

import pytest

from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.formats import csv_table
from components.voc_example_gen.refusals import Reason, RefusedFileError
from tests.support import voc_maker


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
  (annotation,) = csv_table.parse(text.encode())
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
