"""Reading YOLO label files: class names, boxes, what is refused, what is dropped."""

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.refusals import Reason
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture


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
