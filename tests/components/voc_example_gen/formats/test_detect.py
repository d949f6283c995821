"""COCO, YOLO and CSV give the same records as VOC does, and `auto` tells them apart."""

import io
import json

import pytest

from components.voc_example_gen import detect, listing
from components.voc_example_gen.formats import csv_table, yolo
from components.voc_example_gen.refusals import RefusedFileError
from detection.base.errors import DataError
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

# Corners that float32 and four decimals hold exactly.
BOXES = {
  'a.jpg': [('cat', (16, 12, 32, 36)), ('dog', (0, 0, 64, 48))],
  'b.jpg': [('dog', (32, 24, 48, 36))],
  'c.jpg': [],
}
SIZE = (64, 48)


def as_voc():
  return {
    f'{name[0]}.xml': voc(*(thing(label, box) for label, box in found), filename=name) for name, found in BOXES.items()
  }


def as_coco():
  images = [{'id': n, 'file_name': name, 'width': 64, 'height': 48} for n, name in enumerate(BOXES)]
  boxes = [
    {'id': 0, 'image_id': n, 'category_id': 3 if label == 'cat' else 9, 'bbox': [x, y, right - x, bottom - y]}
    for n, found in enumerate(BOXES.values())
    for label, (x, y, right, bottom) in found
  ]
  categories = [{'id': 9, 'name': 'dog'}, {'id': 3, 'name': 'cat', 'supercategory': 'animal'}]
  return {'_annotations.coco.json': json.dumps({'images': images, 'annotations': boxes, 'categories': categories})}


def as_yolo():
  def line(label, box):
    xmin, ymin, xmax, ymax = (side / scale for side, scale in zip(box, SIZE * 2, strict=True))
    number = ['cat', 'dog'].index(label)
    return f'{number} {(xmin + xmax) / 2} {(ymin + ymax) / 2} {xmax - xmin} {ymax - ymin}\n'

  labels = {f'{name[0]}.txt': ''.join(line(*one) for one in found) for name, found in BOXES.items()}
  return {**labels, 'data.yaml': 'names: [cat, dog]\nnc: 2\n'}


def as_csv():
  file = io.StringIO()
  writer = csv_table.Writer(file)
  for name, found in BOXES.items():
    writer.add(name, *SIZE, found)
  return {'labels.csv': file.getvalue()}


FORMATS = {'voc': as_voc, 'coco': as_coco, 'yolo': as_yolo, 'csv': as_csv}


def records(root, **settings):
  """{image: serialized example} of everything that would be written."""
  from components.voc_example_gen import ingest, plan
  from components.voc_example_gen.settings import IngestSettings

  planned = plan.make(str(root), IngestSettings(**settings))
  return planned.data_format, {
    task.item.image: ingest.process(planned.root, task, shard.split, True)[0]
    for shard in planned.shards
    for task in shard.tasks
  }


@pytest.mark.parametrize('name', ['coco', 'yolo', 'csv'])
def test_every_format_gives_the_records_that_voc_gives(tmp_path, name):
  images = {image: encode(picture(number)) for number, image in enumerate(BOXES)}
  _, expected = records(voc_maker.write(tmp_path / 'voc', {**images, **as_voc()}))
  found, actual = records(voc_maker.write(tmp_path / name, {**images, **FORMATS[name]()}))
  assert found == name
  assert sorted(actual) == sorted(BOXES)
  assert actual == expected


def test_auto_takes_the_format_that_describes_most_images(tmp_path):
  images = {image: encode(picture(number)) for number, image in enumerate(BOXES)}
  voc_maker.write(tmp_path, {**images, **as_coco(), 'a.xml': voc(thing('cat'))})
  assert detect.find(listing.list_folder(str(tmp_path)), 'auto').data_format == 'coco'
  assert detect.find(listing.list_folder(str(tmp_path)), 'voc').data_format == 'voc'


def test_a_named_format_that_is_not_there(tmp_path):
  voc_maker.write(tmp_path, voc_maker.good())
  with pytest.raises(DataError, match='2 images, but no annotations. Expected a COCO .json'):
    detect.find(listing.list_folder(str(tmp_path)), 'coco')


def test_coco_names_with_folders_find_the_image_of_that_folder(tmp_path):
  files = {f'{day}/1.jpg': encode(picture(n)) for n, day in enumerate(('mon', 'tue'))}
  document = json.loads(as_coco()['_annotations.coco.json'])
  document['images'] = [{'id': n, 'file_name': f'{day}/1.jpg'} for n, day in enumerate(('tue', 'mon'))]
  voc_maker.write(tmp_path, {**files, 'annotations/instances.json': json.dumps(document)})
  found = detect.find(listing.list_folder(str(tmp_path)), 'coco')
  assert {item.image: len(item.annotation.objects) for item in found.items} == {'tue/1.jpg': 2, 'mon/1.jpg': 1}


def test_coco_crowds_are_difficult(tmp_path):
  document = json.loads(as_coco()['_annotations.coco.json'])
  document['annotations'][0]['iscrowd'] = 1
  voc_maker.write(
    tmp_path, {**{image: encode(picture(n)) for n, image in enumerate(BOXES)}, 'x.json': json.dumps(document)}
  )
  items = {item.image: item.annotation for item in detect.find(listing.list_folder(str(tmp_path)), 'coco').items}
  assert [thing.difficult for thing in items['a.jpg'].objects] == [True, False]


@pytest.mark.parametrize(
  ('files', 'expected'),
  [
    ({'data.yaml': 'names: [cat, dog]'}, ['cat', 'dog']),
    ({'data.yaml': 'names: {1: dog, 0: cat}'}, ['cat', 'dog']),
    ({'data.yaml': 'names: {2: dog, 0: cat}'}, ['cat', '', 'dog']),
    ({'classes.txt': 'cat\r\npolar bear\r\n\r\n'}, ['cat', 'polar bear']),
    ({'obj.names': 'cat\n'}, ['cat']),
    ({'data.yaml': '{broken', 'classes.txt': 'cat\n'}, ['cat']),
    ({'data.yaml': '!!python/object/apply:os.system ["true"]'}, []),
    ({'compose.yml': 'services: {}'}, []),
    ({}, []),
  ],
)
def test_where_yolo_class_names_stand(tmp_path, files, expected):
  assert yolo.class_names(listing.list_folder(str(voc_maker.write(tmp_path, files)))) == expected


def test_yolo_without_names_calls_classes_by_number():
  assert [thing.label for thing in yolo.parse(b'3 0.5 0.5 0.1 0.1', []).objects] == ['3']


def test_yolo_polygons_give_their_bounding_box():
  (thing,) = yolo.parse(b'0 0.1 0.2 0.5 0.3 0.2 0.9', ['cat']).objects
  assert (thing.xmin, thing.ymin, thing.xmax, thing.ymax) == (0.1, 0.2, 0.5, 0.9)


def test_a_yolo_label_without_its_image_is_named(tmp_path):
  labels = {f'good-{n}.txt': '0 0.5 0.5 0.2 0.2' for n in (1, 2)}
  voc_maker.write(
    tmp_path, {**voc_maker.good('yolo'), **labels, 'lost.txt': '0 0.5 0.5 0.2 0.2', 'notes.txt': 'buy milk'}
  )
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'lost.txt': 'annotation_without_image'}


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
