"""Which columns hold the file, the class and the box, in the tables that exporters write."""

import pytest

from components.voc_example_gen import csv_columns
from components.voc_example_gen.csv_columns import Form
from components.voc_example_gen.refusals import RefusedFileError

HEADERS = {
  'labelImg, Roboflow': (
    'filename,width,height,class,xmin,ymin,xmax,ymax',
    (0, 3, (4, 5, 6, 7)),
    Form.CORNERS,
  ),
  'VoTT': ('image,xmin,ymin,xmax,ymax,label', (0, 5, (1, 2, 3, 4)), Form.CORNERS),
  'Open Images': (
    'ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf',
    (0, 2, (4, 6, 5, 7)),
    Form.CORNERS,
  ),
  'Kaggle, a cell': ('image_id,width,height,bbox,source', (0, None, (3,)), Form.SIZED),
  'Kaggle, one class': ('image,xmin,ymin,xmax,ymax', (0, None, (1, 2, 3, 4)), Form.CORNERS),
  'Kaggle, ids beside names': (
    'image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max',
    (0, 1, (4, 5, 6, 7)),
    Form.CORNERS,
  ),
  'makesense.ai': (
    'label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height',
    (5, 0, (1, 2, 3, 4)),
    Form.SIZED,
  ),
  'keras-retinanet with a header': ('path,x1,y1,x2,y2,class', (0, 5, (1, 2, 3, 4)), Form.CORNERS),
  'sizes of boxes beside sizes of images': (
    'filename,width,height,class,x,y,w,h',
    (0, 3, (4, 5, 6, 7)),
    Form.SIZED,
  ),
  'centres': ('file,label,x_center,y_center,width,height', (0, 1, (2, 3, 4, 5)), Form.CENTRED),
}


@pytest.mark.parametrize(('header', 'places', 'form'), HEADERS.values(), ids=HEADERS)
def test_the_columns_of_an_exporter_are_known(header, places, form):
  columns = csv_columns.by_header(header.split(','))
  assert (columns.file, columns.label, columns.box) == places
  assert columns.form is form


def test_the_size_of_the_image_is_not_taken_for_that_of_the_box():
  columns = csv_columns.by_header(
    ['filename', 'xmin', 'ymin', 'width', 'height', 'image_width', 'image_height', 'class']
  )
  assert (columns.box, columns.width, columns.height) == ((1, 2, 3, 4), 5, 6)
  columns = csv_columns.by_header(['filename', 'xmin', 'ymin', 'width', 'height', 'class'])
  assert (columns.box, columns.width, columns.height) == ((1, 2, 3, 4), None, None)


@pytest.mark.parametrize('header', ['image,x,y,w,h,label', 'image,bbox,label'])
def test_what_only_convention_says_is_not_certain(header):
  assert not csv_columns.by_header(header.split(',')).is_certain


REFUSED = {
  'nothing': ('', 'not_an_annotation: .* no column for the file'),
  'classes of whole images': ('filename,label', 'not_an_annotation: .* found filename,label: no columns for a box'),
  'no file': ('class,xmin,ymin,xmax,ymax', 'not_an_annotation: .* no column for the file'),
  'an unknown name for the class': ('filename,kind,xmin,ymin,xmax,ymax', 'not_an_annotation: .* no class'),
  'half a box beside the size of the image': ('filename,width,height,class,xmin,ymin,xmax', 'no columns for a box'),
  'four corners': ('filename,class,x1,y1,x2,y2,x3,y3,x4,y4', 'no columns for a box'),
  'two classes': ('filename,class,label,xmin,ymin,xmax,ymax', 'columns_unclear: class and label may each be meant'),
  'a side twice': ('filename,class,xmin,ymin,xmin,xmax,ymax', 'columns_unclear: a column of the box occurs twice'),
  'a submission': ('image_id,PredictionString', 'not_an_annotation'),
}


@pytest.mark.parametrize(('header', 'message'), REFUSED.values(), ids=REFUSED)
def test_other_columns_are_refused_with_what_was_found(header, message):
  with pytest.raises(RefusedFileError, match=message):
    csv_columns.by_header(header.split(','))


WITHOUT_HEADER = {
  'keras-retinanet': (['a/1.jpg,1,2,30,40,cat', 'a/2.jpg,,,,,'], (0, 5, (1, 2, 3, 4))),
  'makesense.ai': (['cat,1,2,30,40,1.jpg,64,48'], (5, 0, (1, 2, 3, 4))),
}


@pytest.mark.parametrize(('rows', 'places'), WITHOUT_HEADER.values(), ids=WITHOUT_HEADER)
def test_a_table_without_a_header_is_known_by_its_rows(rows, places):
  columns = csv_columns.without_header([row.split(',') for row in rows])
  assert (columns.file, columns.label, columns.box) == places


@pytest.mark.parametrize(
  'rows',
  [
    [],
    ['path,x1,y1,x2,y2,class', '1.jpg,1,2,30,40,cat'],
    ['1.jpg,1,2,30,40'],
    ['1.jpg,30,40,1,2,cat'],
    ['1.jpg,1,2,30,40,cat', 'words,1,2,30,40,cat'],
    ['1.jpg,1,2,30,40,'],
    ['1.jpg,1,2,,40,cat'],
    ['cat,1,2,30,40,1.jpg,wide,48'],
    ['TRAIN,1.jpg,cat,0.1,0.2,,,0.5,0.6,,'],
  ],
)
def test_other_tables_without_a_header_are_not_guessed(rows):
  assert csv_columns.without_header([row.split(',') for row in rows]) is None
