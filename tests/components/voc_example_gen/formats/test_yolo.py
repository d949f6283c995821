"""Reading YOLO label files: class names, boxes, what is refused, what is dropped."""

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.refusals import Reason
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture

NAMES = {
  'data.yaml': ({'data.yaml': 'names: [cat, dog]'}, 'cat'),
  'classes.txt': ({'classes.txt': 'cat\r\npolar bear\r\n\r\n'}, 'cat'),
  'obj.names': ({'obj.names': 'cat\n'}, 'cat'),
  'a broken data.yaml beside classes.txt': ({'data.yaml': '{broken', 'classes.txt': 'cat\n'}, 'cat'),
  "another tool's file": ({'compose.yml': 'services: {}'}, '0'),
  'no list': ({}, '0'),
}


@pytest.mark.parametrize(('files', 'expected'), NAMES.values(), ids=NAMES)
def test_where_class_names_are_found(tmp_path, files, expected):
  found = boxes_of(tmp_path, {'a.txt': '0 0.5 0.5 0.5 0.5'} | files)
  assert [label for label, _ in found['a.jpg']] == [expected]


def boxes_of(root, files):
  """{image: its objects as (label, corners)}, for label files beside images of the same stem."""
  pictures = {f'{path[:-4]}.jpg': encode(picture(number)) for number, path in enumerate(files) if is_label(path)}
  index = yolo.find(listing.list_folder(str(voc_maker.write(root, files | pictures))))
  return {item.image: [(thing.label, corners_of(thing)) for thing in item.annotation.objects] for item in index.items}


def is_label(path):
  return path.endswith('.txt') and 'classes' not in path


def corners_of(thing):
  return tuple(round(side, 6) for side in (thing.xmin, thing.ymin, thing.xmax, thing.ymax))


def test_polygons_give_their_bounding_box(tmp_path):
  found = boxes_of(tmp_path, {'a.txt': '0 0.1 0.2 0.5 0.3 0.2 0.9\n0 0.5 0.5 0.2 0.2'})
  assert found['a.jpg'] == [('0', (0.1, 0.2, 0.5, 0.9)), ('0', (0.4, 0.4, 0.6, 0.6))]


def test_a_refused_file_is_named_and_the_others_are_read(tmp_path):
  files = {'a.txt': '0 0.5 0.5 0.2 0.2 35.5', 'b.txt': '0 0.5 0.5 0.2 0.2', 'classes.txt': 'cat'}
  assert list(boxes_of(tmp_path, files)) == ['b.jpg']
  index = yolo.find(listing.list_folder(str(tmp_path)))
  assert [(refusal.path, refusal.reason) for refusal in index.refused] == [('a.txt', Reason.COLUMNS_UNCLEAR)]


def test_a_list_that_cannot_be_read_refuses_the_files_with_objects_and_keeps_negatives(tmp_path):
  files = {'data.yaml': 'names: [cat', 'a.txt': '0 0.5 0.5 0.2 0.2', 'b.txt': ''}
  assert boxes_of(tmp_path, files) == {'b.jpg': []}
  index = yolo.find(listing.list_folder(str(tmp_path)))
  assert [(refusal.path, refusal.reason) for refusal in index.refused] == [('a.txt', Reason.CLASS_NAMES_UNKNOWN)]


def test_track_numbers_are_left_out_with_a_warning(tmp_path):
  files = {'a.txt': '0 0.5 0.5 0.2 0.2 0.9 7', 'classes.txt': 'cat'}
  assert boxes_of(tmp_path, files) == {'a.jpg': [('cat', (0.4, 0.4, 0.6, 0.6))]}
  (warning,) = yolo.find(listing.list_folder(str(tmp_path))).warnings
  assert '1 label files' in warning
  assert 'a.txt' in warning


def test_a_yolo_label_without_its_image_is_named(tmp_path):
  labels = {f'good-{n}.txt': '0 0.5 0.5 0.2 0.2' for n in (1, 2)}
  voc_maker.write(
    tmp_path, {**voc_maker.good('yolo'), **labels, 'lost.txt': '0 0.5 0.5 0.2 0.2', 'notes.txt': 'buy milk'}
  )
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'lost.txt': 'annotation_without_image'}


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
  voc_maker.write(tmp_path, {**voc_maker.good('yolo'), 'a.jpg': encode(picture()), **labels})
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


def test_class_numbers_that_count_from_1_refuse_the_files_with_objects(tmp_path):
  files = {'classes.txt': 'cat\ndog', 'a.txt': '1 0.5 0.5 0.2 0.2', 'b.txt': '2 0.5 0.5 0.2 0.2', 'c.txt': ''}
  assert boxes_of(tmp_path, files) == {'c.jpg': []}
  index = yolo.find(listing.list_folder(str(tmp_path)))
  assert [(refusal.path, refusal.reason) for refusal in index.refused] == [
    ('a.txt', Reason.CLASS_NAMES_UNKNOWN),
    ('b.txt', Reason.CLASS_NAMES_UNKNOWN),
  ]


def test_the_folder_of_a_label_file_tells_its_split(tmp_path):
  files = {'labels/val/a.txt': '0 0.5 0.5 0.2 0.2', 'images/a.jpg': encode(picture())}
  index = yolo.find(listing.list_folder(str(voc_maker.write(tmp_path, files))))
  assert [item.split_hint for item in index.items] == ['eval']
