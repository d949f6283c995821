"""What the elements of a VOC annotation say, however a tool nests and repeats them."""

import random
import re

import pytest
from defusedxml import ElementTree

from components.voc_example_gen import voc_xml
from components.voc_example_gen.annotation import BoxRule, Object
from components.voc_example_gen.refusals import Reason, RefusedFileError


def box(*corners, tag='bndbox'):
  names = ('xmin', 'ymin', 'xmax', 'ymax') if tag == 'bndbox' else ('cx', 'cy', 'w', 'h', 'angle')
  return f'<{tag}>' + ''.join(f'<{n}>{c}</{n}>' for n, c in zip(names, corners, strict=True)) + f'</{tag}>'


def thing(*inside, name='<name>cat</name>'):
  return f'<object>{name}{"".join(inside)}</object>'


def read(*inside):
  return voc_xml.to_annotation(ElementTree.fromstring(f'<annotation>{"".join(inside)}</annotation>'))


def attribute(name, value):
  return f'<attributes><attribute><name>{name}</name><value>{value}</value></attribute></attributes>'


A, B, C = (10, 11, 20, 21), (30, 31, 40, 41), (50, 51, 60, 61)
CATS = [('cat', *A), ('cat', *B)]
PART = '<part><name>head</name>' + box(*C) + '</part>'
SEVERAL = BoxRule.SEVERAL_CLASSES

REPEATED = {
  'two boxes in one object': ([thing(box(*A), box(*B))], CATS, []),
  'two boxes in a list of the object': ([thing('<boxes>', box(*A), box(*B), '</boxes>')], CATS, []),
  'two boxes in one element': ([thing(box(*A).replace('</bndbox>', '') + box(*B).replace('<bndbox>', ''))], CATS, []),
  'a corner too many': ([thing(box(*A).replace('</bndbox>', '<xmin>9</xmin></bndbox>'))], [], [BoxRule.MISSING]),
  'objects in a list': (['<objects>', thing(box(*A)), thing(box(*B)), '</objects>'], CATS, []),
  'an object in another': ([thing(box(*A), thing(box(*B)))], CATS, []),
  'objects of an annotation inside': (['<annotation>', thing(box(*A)), '</annotation>', thing(box(*B))], CATS, []),
  'a box in no object': ([thing(box(*A)), box(*B)], CATS[:1], [BoxRule.UNNAMED]),
  'parts are no objects': ([thing(box(*A), PART), thing(PART, box(*B), PART)], CATS, []),
  'the same name twice': ([thing('<name>cat</name>', box(*A))], CATS[:1], []),
  'an empty name first': ([thing('<name>cat</name>', box(*A), name='<name/>')], CATS[:1], []),
  'names and boxes in turns': ([thing(box(*A), '<name>dog</name>', box(*B))], [('cat', *A), ('dog', *B)], []),
  'boxes and names in turns': ([thing(box(*A), '<name>cat</name>', box(*B), '<name>dog</name>', name='')],
    [('cat', *A), ('dog', *B)], []),
  'two names, then two boxes': ([thing('<name>dog</name>', box(*A), box(*B))], [], [SEVERAL, SEVERAL]),
  'two names, one box': ([thing('<name>dog</name>', box(*A))], [], [SEVERAL]),
  'a name between that is empty': ([thing(box(*A), '<name/>', box(*B), '<name>dog</name>')], [], [SEVERAL, SEVERAL]),
  'boxes without a name': ([thing(box(*A), box(*B), name='')], [], [BoxRule.UNNAMED] * 2),
  'a good box beside one without numbers': ([thing(box(*A), '<bndbox/>')], CATS[:1], [BoxRule.MISSING]),
}  # fmt: skip


def usual(chance):
  """An annotation as tools write it, in the order of chance, and now and then without a value."""

  def some(**values):
    names = [name for name in values if chance.random() < 0.98]
    chance.shuffle(names)
    return ''.join(f'<{name}>{chance.choice([values[name]] * 50 + [""])}</{name}>' for name in names)

  objects = [
    f'<object>{some(name="cat", pose=" left ", truncated=" 1", difficult="0", occluded="1", bndbox=corners)}</object>'
    for corners in (some(xmin=1, ymin=chance.randrange(9), xmax=' 20.5', ymax='3e1') for _ in range(3))
  ]
  size = some(width=64, height=48, depth=3)
  head = some(folder='x', filename=' a.jpg', path='/x/a.jpg', source='<database>?</database>', size=size)
  return f'<annotation>{head}{"".join(objects)}</annotation>'


UNUSUAL = ('<part><name>ear</name></part>', '<name>dog</name>', '<deleted>1</deleted>', '<xmin>2</xmin>', '<a><b/></a>',
  '<filename>b.jpg</filename>', '<size><width>9</width></size>', box(*A), thing(box(*B)), '<Object/>',
  '<rotation>1</rotation>', '<folder><object/></folder>', '<annotation/>')  # fmt: skip


def test_an_usual_annotation_gives_what_a_search_at_any_depth_gives(monkeypatch):
  chance = random.Random(0)
  texts = []
  for _ in range(1500):
    text = usual(chance)
    for _ in range(chance.choice([0, 0, 1, 2])):
      place = chance.choice([match.end() for match in re.finditer('<[a-z/]+>', text)][:-1])
      text = text[:place] + chance.choice(UNUSUAL) + text[place:]
    texts.append(text)
  roots = list(map(ElementTree.fromstring, texts))
  found = list(map(verdict, roots))
  assert 250 < sum(voc_xml._usual_annotation(root) is not None for root in roots) < 1250
  monkeypatch.setattr(voc_xml, '_usual_annotation', lambda root: None)
  assert found == list(map(verdict, roots))


def verdict(root):
  try:
    return voc_xml.to_annotation(root)
  except RefusedFileError as error:
    return str(error)


@pytest.mark.parametrize(('inside', 'objects', 'dropped'), REPEATED.values(), ids=REPEATED)
def test_every_box_is_an_object_or_counted(inside, objects, dropped):
  annotation = read(*inside)
  assert sorted((o.label, o.xmin, o.ymin, o.xmax, o.ymax) for o in annotation.objects) == objects
  assert list(annotation.dropped) == dropped


def test_flags_are_of_every_box_of_an_object():
  objects = read(thing('<difficult>0</difficult><difficult>1</difficult><pose/><pose>Left</pose>', box(*A), box(*B)))
  assert [(item.difficult, item.view) for item in objects.objects] == [(True, 'Left')] * 2


SIZE = '<size><width>{}</width><height>48</height></size>'

TWO_IMAGES = {
  'two file names': '<filename>a.jpg</filename><filename>b.jpg</filename>',
  'another annotation inside': '<filename>a.jpg</filename><annotation><filename>b.jpg</filename></annotation>',
  'two sizes': SIZE.format(64) + SIZE.format(65),
  'two widths': SIZE.format('64</width><width>65'),
}


@pytest.mark.parametrize('inside', TWO_IMAGES.values(), ids=TWO_IMAGES)
def test_an_annotation_of_two_images_is_refused(inside):
  with pytest.raises(RefusedFileError) as refused:
    read(inside, thing(box(*A)))
  assert refused.value.reason == Reason.ANNOTATION_AMBIGUOUS


def test_what_is_repeated_and_equal_is_read_once():
  annotation = read('<filename/><filename>a.jpg</filename><filename>a.jpg</filename>', SIZE.format(64), SIZE.format(64))
  assert (annotation.filename, annotation.width, annotation.height) == ('a.jpg', 64, 48)


def test_deep_nesting_is_no_error():
  assert read('<a>' * 3000, thing(box(*A)), '</a>' * 3000).objects == (Object('cat', *A),)


TURNED = {
  'CVAT': ((box(*A), attribute('rotation', '90.0')), 90),
  'CVAT, not turned': ((box(*A), attribute('rotation', '0.0')), 0),
  'capital letters': ((box(*A), attribute('Rotation', ' 30 ')), 30),
  'an element of the object': ((box(*A), '<rotation>45</rotation>'), 45),
  'an element of the box': ((box(*A).replace('</bnd', '<rotation>45</rotation></bnd'),), 45),
  'an angle in an unknown unit': ((box(*A), '<angle>0.5</angle>'), None),
  'an angle by another name': ((box(*A), '<mbox_ang>0.5</mbox_ang>'), None),
  'an unknown angle of 0': ((box(*A), '<angle>0</angle>'), 0),
  'an attribute that is no number': ((box(*A), attribute('rotation', 'left')), 0),
  'another attribute': ((box(*A), attribute('age', '7')), 0),
}


@pytest.mark.parametrize(('inside', 'turned'), TURNED.values(), ids=TURNED)
def test_the_angle_beside_an_upright_box(inside, turned):
  (item,) = read(thing(*inside)).objects
  assert item == Object('cat', *A, turned=turned)


def test_turned_boxes_of_rolabelimg():
  (item,) = read(thing(box(50, 40, 80, 10, 1.5707963267948966, tag='robndbox'), box(*A))).objects
  assert item == Object('cat', 10, 35, 90, 45, turned=90)
  (item,) = read(thing(box(50, 40, 80, 10, 30, tag='robndbox'))).objects
  assert item.turned == 30
  assert read(thing(box(50, 40, 80, '', 1, tag='robndbox'))).dropped == (BoxRule.MISSING,)


def test_what_labelme_marks_as_deleted_is_no_object():
  assert read(thing('<deleted>1</deleted>', box(*A)), thing('<deleted>0</deleted>', box(*B))).objects == (
    Object('cat', *B),
  )


def test_another_root_is_no_annotation():
  with pytest.raises(RefusedFileError) as refused:
    voc_xml.to_annotation(ElementTree.fromstring('<html/>'))
  assert refused.value.reason == Reason.NOT_AN_ANNOTATION
