"""COCO, YOLO and CSV give the same records as VOC does, and `auto` tells them apart."""

import pytest

from components.voc_example_gen import detect, listing
from detection.base.errors import DataError
from tests.support import voc_maker
from tests.support.annotated_formats import BOXES, FORMATS, as_coco
from tests.support.voc_maker import encode, picture, thing, voc


def records(root, **settings):
  """{image: serialized example} of everything that would be written."""
  from components.voc_example_gen import ingest, plan
  from components.voc_example_gen.settings import IngestSettings

  planned = plan.make(str(root), IngestSettings(**settings))
  return planned.data_format, {
    outcome.image: record
    for shard in planned.shards
    for record, outcome in ingest.process(planned.root, shard.tasks, True)
  }


@pytest.mark.parametrize('name', ['coco', 'yolo', 'csv'])
def test_every_format_gives_the_records_that_voc_gives(tmp_path, name):
  images = {image: encode(picture(number)) for number, image in enumerate(BOXES)}
  _, expected = records(voc_maker.write(tmp_path / 'voc', {**images, **FORMATS['voc']()}))
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


def test_a_folder_whose_only_json_is_of_another_task_says_so(tmp_path):
  voc_maker.write(tmp_path, {**voc_maker.good('coco'), 'a.json': '{"shapes": []}'})
  with pytest.raises(
    DataError, match='no annotations. Expected .* a.json is set aside: no COCO file: .* found .*"shapes"'
  ):
    detect.find(listing.list_folder(str(tmp_path)), 'auto')


def test_a_folder_of_images_that_are_not_read_names_them(tmp_path):
  voc_maker.write(tmp_path, {'1.psd': 'x', '1.xml': voc(thing())})
  with pytest.raises(DataError, match=r'no images\. Expected .*\. Formats that are not read: 1\.psd\.'):
    detect.find(listing.list_folder(str(tmp_path)), 'auto')


def test_images_that_only_another_format_describes_are_told(tmp_path):
  images = {image: encode(picture(number)) for number, image in enumerate(BOXES)}
  more = {'x.jpg': encode(picture(9)), 'x.xml': voc(thing('cat'), filename='x.jpg'), 'a.xml': voc(thing('cat'))}
  tree = listing.list_folder(str(voc_maker.write(tmp_path, {**images, **as_coco(), **more})))
  assert detect.find(tree, 'auto').elsewhere == {'x.jpg': 'voc'}
  assert detect.find(tree, 'coco').elsewhere is None
