"""Reading COCO JSON: what is found, what is refused, what is dropped."""

import json

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.formats import coco as reader
from components.voc_example_gen.refusals import Reason
from tests.support import voc_maker
from tests.support.annotated_formats import BOXES, as_coco
from tests.support.read_folder import read_folder
from tests.support.voc_maker import encode, picture


def test_coco_names_with_folders_find_the_image_of_that_folder(tmp_path):
  files = {f'{day}/1.jpg': encode(picture(n)) for n, day in enumerate(('mon', 'tue'))}
  document = json.loads(as_coco()['_annotations.coco.json'])
  document['images'] = [{'id': n, 'file_name': f'{day}/1.jpg'} for n, day in enumerate(('tue', 'mon'))]
  voc_maker.write(tmp_path, {**files, 'annotations/instances.json': json.dumps(document)})
  found = reader.find(listing.list_folder(str(tmp_path)))
  assert {item.image: len(item.annotation.objects) for item in found.items} == {'tue/1.jpg': 2, 'mon/1.jpg': 1}


def test_coco_crowds_are_difficult(tmp_path):
  document = json.loads(as_coco()['_annotations.coco.json'])
  document['annotations'][0]['iscrowd'] = 1
  voc_maker.write(
    tmp_path, {**{image: encode(picture(n)) for n, image in enumerate(BOXES)}, 'x.json': json.dumps(document)}
  )
  items = {item.image: item.annotation for item in reader.find(listing.list_folder(str(tmp_path))).items}
  assert [thing.difficult for thing in items['a.jpg'].objects] == [True, False]


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

ORPHANS = [*coco()['annotations'], {'id': 3, 'image_id': 99, 'category_id': 7, 'bbox': [1, 1, 2, 2]}]

COCO_REFUSED = {
  'an image that is not there': (json.dumps(coco(images=MORE_IMAGES)), Reason.ANNOTATION_WITHOUT_IMAGE),
  'boxes of an image not listed': (json.dumps(coco(annotations=ORPHANS)), Reason.ANNOTATION_WITHOUT_IMAGE),
}


@pytest.mark.parametrize(('content', 'reason'), COCO_REFUSED.values(), ids=COCO_REFUSED)
def test_a_coco_entry_that_cannot_be_used(tmp_path, content, reason):
  voc_maker.write(tmp_path, {**voc_maker.good('coco'), 'instances.json': content})
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'instances.json': reason.value}
  assert sum(tally.images.values()) == 2


def test_an_image_that_is_listed_once_an_object_has_all_of_them(tmp_path):
  images = [*coco()['images'], {'id': 3, 'file_name': 'good-1.jpg'}]
  boxes = [*coco()['annotations'], {'id': 3, 'image_id': 3, 'category_id': 7, 'bbox': [30, 2, 20, 20]}]
  document = json.dumps(coco(images=images, annotations=boxes))
  voc_maker.write(tmp_path, {**voc_maker.good('coco'), 'instances.json': document})
  _, outcomes, tally = voc_maker.examine(tmp_path)
  assert len(outcomes['good-1.jpg'].objects) == 2
  assert tally.refused == []


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


def only(*names, annotations=None, **others):
  """A COCO file on images of these names, one box each unless `annotations` replaces them."""
  images = [{'id': n, 'file_name': name, 'width': 64, 'height': 48} for n, name in enumerate(names)]
  boxes = [{'image_id': n, 'category_id': 7, 'bbox': [10, 10, 20, 20], **others} for n in range(len(names))]
  return coco(images=images, annotations=boxes if annotations is None else annotations)


def folder(tmp_path, documents, images):
  """Writes JSON documents and pictures, and reads the folder."""
  files = {name: encode(picture(number)) for number, name in enumerate(images)}
  files |= {path: json.dumps(document) for path, document in documents.items()}
  return read_folder(voc_maker.write(tmp_path, files))


CAPTIONS = [{'image_id': 0, 'caption': 'a cat'}]
PANOPTIC = [{'image_id': 0, 'file_name': '1.png', 'segments_info': [{'id': 1, 'category_id': 7, 'bbox': [1, 1, 2, 2]}]}]


def test_the_official_annotations_folder_of_coco_gives_each_box_once(tmp_path):
  splits = {'train': ['train2017/1.jpg', 'train2017/2.jpg'], 'val': ['val2017/3.jpg']}
  documents = {}
  for split, paths in splits.items():
    names = [path.rpartition('/')[2] for path in paths]
    documents |= {
      f'annotations/instances_{split}2017.json': only(*names),
      f'annotations/person_keypoints_{split}2017.json': only(*names, keypoints=[0, 0, 0]),
      f'annotations/captions_{split}2017.json': {'images': [], 'annotations': CAPTIONS},
      f'annotations/panoptic_{split}2017.json': only(*names, annotations=PANOPTIC),
      f'annotations/stuff_{split}2017.json': only(*names, segmentation={}),
      f'annotations/image_info_{split}2017.json': {'images': [{'id': 0, 'file_name': names[0]}], 'categories': []},
    }
  found = folder(tmp_path, documents, [path for paths in splits.values() for path in paths])
  assert {image: len(boxes) for image, boxes in found.boxes.items()} == dict.fromkeys(sum(splits.values(), []), 1)
  assert {image for image, split in found.split.items() if split == 'eval'} == {'val2017/3.jpg'}
  assert found.refused == {}
  for kind in ('captions', 'panoptic', 'stuff', 'image_info'):
    assert found.set_aside[f'annotations/{kind}_val2017.json'] == 'not_for_detection'
  assert found.set_aside['annotations/person_keypoints_val2017.json'] == 'annotation_repeated'


@pytest.mark.parametrize('name', ['instances_test.json', 'image_info_2017.json'])
def test_the_images_of_a_test_set_without_labels_are_no_negatives(tmp_path, name):
  found = folder(
    tmp_path, {'train.json': only('1.jpg', '2.jpg'), name: only('3.jpg', annotations=[])}, ['1.jpg', '2.jpg', '3.jpg']
  )
  assert '3.jpg' not in found.boxes
  assert found.set_aside[name] == 'not_for_detection'


@pytest.mark.parametrize(
  'other', [[{'image_id': 1, 'bbox': [1, 2, 3, 4]}], {'shapes': [], 'imagePath': 'a.jpg'}, {}, 5], ids=str
)
def test_other_json_is_set_aside_by_name(tmp_path, other):
  found = folder(tmp_path, {'a.json': only('1.jpg', '2.jpg'), 'other.json': other}, ['1.jpg', '2.jpg'])
  assert (found.refused, found.set_aside) == ({}, {'other.json': 'not_for_detection'})


def test_a_stuff_file_alone_is_read(tmp_path):
  assert len(folder(tmp_path, {'stuff.json': only('1.jpg', '2.jpg')}, ['1.jpg', '2.jpg']).boxes) == 2


def test_a_bare_name_is_of_the_folder_that_goes_with_the_file(tmp_path):
  documents = {
    'annotations/instances_train2017.json': only('1.jpg', '2.jpg'),
    'annotations/instances_val2017.json': only('1.jpg', annotations=[]),
  }
  found = folder(tmp_path, documents, ['train2017/1.jpg', 'train2017/2.jpg', 'val2017/1.jpg'])
  assert {image: len(boxes) for image, boxes in found.boxes.items()} == {
    'train2017/1.jpg': 1,
    'train2017/2.jpg': 1,
    'val2017/1.jpg': 0,
  }


def test_one_image_under_two_ids_in_two_files_is_used_once(tmp_path):
  second = only('2.jpg', '1.jpg')
  found = folder(tmp_path, {'a.json': only('1.jpg', '2.jpg'), 'b.json': second}, ['1.jpg', '2.jpg'])
  assert {image: len(boxes) for image, boxes in found.boxes.items()} == {'1.jpg': 1, '2.jpg': 1}
  assert (found.refused, found.set_aside) == ({}, {'b.json': 'annotation_repeated'})


def test_files_that_contradict_each_other_are_refused_by_name(tmp_path):
  other = only('1.jpg', annotations=[{'image_id': 0, 'category_id': 7, 'bbox': [30, 10, 20, 20]}])
  found = folder(tmp_path, {'a.json': only('1.jpg', '2.jpg'), 'b.json': other}, ['1.jpg', '2.jpg'])
  assert found.refused == {'b.json': 'annotation_twice'}


def test_ids_that_join_nothing_leave_no_negative(tmp_path):
  lost = [{'image_id': f'x{n}', 'category_id': 7, 'bbox': [10, 10, 20, 20]} for n in range(2)]
  found = folder(tmp_path, {'a.json': only('1.jpg', '2.jpg', annotations=lost)}, ['1.jpg', '2.jpg'])
  assert found.boxes == {}
  assert 'negative_in_doubt: 2' in found.verdict
