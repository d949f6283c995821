"""The rows of a table give one annotation for each file name."""

import io

import pytest

from components.voc_example_gen import csv_rows
from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.refusals import RefusedFileError

CORNERS = (10, 20, 40, 60)

TABLES = {
  'corners': 'filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,10,20,40,60\n',
  'the order of Open Images': 'ImageID,LabelName,XMin,XMax,YMin,YMax\na.jpg,cat,10,40,20,60\n',
  'sizes': 'image,label,bbox_x,bbox_y,bbox_width,bbox_height\na.jpg,cat,10,20,30,40\n',
  'sizes of x and y': 'image,label,x,y,w,h\na.jpg,cat,10,20,30,40\n',
  'centres': 'image,label,x_center,y_center,width,height\na.jpg,cat,25,40,30,40\n',
  'a cell': 'image_id,class,bbox\na.jpg,cat,"[10.0, 20.0, 30.0, 40.0]"\n',
  'a cell with spaces': 'image_id,class,bbox\na.jpg,cat,10 20 30 40\n',
  'no header': 'a.jpg,10,20,40,60,cat\n',
  'decimal commas': 'filename;class;xmin;ymin;xmax;ymax\na.jpg;cat;10,0;20;40,00;60\n',
  'a word for Excel': 'sep=;\nfilename;class;xmin;ymin;xmax;ymax\na.jpg;cat;10;20;40;60\n',
  'empty lines first': '\n,,\nfilename,class,xmin,ymin,xmax,ymax\na.jpg,cat,10,20,40,60\n',
  'spaces after commas': 'filename, class, xmin, ymin, xmax, ymax\na.jpg, "cat", 10, 20, 40, 60\n',
}


@pytest.mark.parametrize('text', TABLES.values(), ids=TABLES)
def test_a_row_gives_its_box(text):
  (annotation,) = csv_rows.read(text).annotations
  (thing,) = annotation.objects
  assert (annotation.filename, thing.label) == ('a.jpg', 'cat')
  assert (thing.xmin, thing.ymin, thing.xmax, thing.ymax) == CORNERS


HEADER = 'filename,width,height,class,xmin,ymin,xmax,ymax\n'


def test_rows_of_one_file_are_one_annotation():
  text = HEADER + 'a.jpg,64,48,cat,1,2,3,4\nb.jpg,64,48,,,,,\na.jpg,64,48,dog,5,6,7,8\n'
  first, second = csv_rows.read(text).annotations
  assert [thing.label for thing in first.objects] == ['cat', 'dog']
  assert (second.filename, second.objects, second.dropped) == ('b.jpg', (), ())


def test_sizes_that_contradict_each_other_are_none():
  (annotation,) = csv_rows.read(HEADER + 'a.jpg,64,48,cat,1,2,3,4\na.jpg,640,480,cat,5,6,7,8\n').annotations
  assert (annotation.width, annotation.height) == (None, None)


DROPPED = {
  'a comma in the class': ('a.jpg,64,48,cat, black,1,2,3,4', BoxRule.MISSING),
  'a cell too many': ('a.jpg,64,48,cat,1,2,3,4,5', BoxRule.MISSING),
  'no class': ('a.jpg,64,48,,1,2,3,4', BoxRule.UNNAMED),
}


@pytest.mark.parametrize(('row', 'rule'), DROPPED.values(), ids=DROPPED)
def test_a_row_that_cannot_be_read_is_dropped_by_a_rule(row, rule):
  assert csv_rows.read(HEADER + row).annotations[0].dropped == (rule,)


def test_a_box_of_negative_size_is_dropped():
  assert csv_rows.read('image,label,x,y,w,h\na.jpg,cat,10,20,-30,40\n').annotations[0].dropped == (BoxRule.EMPTY,)


def test_a_box_with_an_angle_is_turned_in_an_unknown_unit():
  text = 'filename,class,xmin,ymin,xmax,ymax,angle\na.jpg,cat,1,2,3,4,0\na.jpg,cat,1,2,3,4,1.57\n'
  assert [thing.turned for thing in csv_rows.read(text).annotations[0].objects] == [0, None]


def test_flags_of_groups_and_truncation_are_kept():
  text = 'ImageID,LabelName,XMin,XMax,YMin,YMax,IsTruncated,IsGroupOf\na,cat,1,4,2,6,1,0\na,cat,1,4,2,7,0,1\n'
  (annotation,) = csv_rows.read(text).annotations
  assert [(thing.truncated, thing.difficult) for thing in annotation.objects] == [(True, False), (False, True)]


def test_corners_between_0_and_1_in_the_whole_table_are_fractions():
  table = csv_rows.read('ImageID,LabelName,XMin,XMax,YMin,YMax\na,cat,0,1,0,1\nb,cat,0.25,0.5,0,1\n')
  assert [annotation.relative for annotation in table.annotations] == [True, True]
  assert table.warnings == ["all corners are between 0 and 1, and are read as fractions of the image's sides"]


@pytest.mark.parametrize('rows', ['a.jpg,cat,0,0,1,1\n', 'a.jpg,cat,0.5,0.5,0.7,0.9\nb.jpg,cat,1,2,30,40\n'])
def test_other_corners_are_pixels(rows):
  table = csv_rows.read('filename,class,xmin,ymin,xmax,ymax\n' + rows)
  assert not any(annotation.relative for annotation in table.annotations)


@pytest.mark.parametrize('header', ['image,label,x,y,w,h', 'image,label,bbox'])
def test_fractions_of_a_corner_or_a_centre_are_refused(header):
  row = 'a.jpg,cat,"0.5,0.5,0.2,0.2"\n' if 'bbox' in header else 'a.jpg,cat,0.5,0.5,0.2,0.2\n'
  with pytest.raises(RefusedFileError, match='columns_unclear: .* corner or the centre'):
    csv_rows.read(f'{header}\n{row}')


def test_what_is_settled_by_convention_is_said():
  table = csv_rows.read('image_id,width,height,bbox,source\na.jpg,1024,1024,"[834.0, 222.0, 56.0, 36.0]",usask_1\n')
  assert [thing.label for thing in table.annotations[0].objects] == ['object']
  assert table.warnings == [
    'no column tells the class, so that every object is called "object"',
    'bbox: read as left, top, width, height',
  ]


@pytest.mark.parametrize('text', ['', 'a', 'a\n', '\n', 'a\r\nb\rc\n\n"x\r\ny",d', 'ä\x0b\u2028b\r', '\r\r\n\n\r'])
def test_lines_are_those_of_a_file(text):
  assert list(csv_rows.lines(text)) == list(io.StringIO(text, newline=''))
