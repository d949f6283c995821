"""Corners become normalised boxes, or are dropped by rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.voc_example_gen import boxes
from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from components.voc_example_gen.formats import voc as reader
from components.voc_example_gen.refusals import RefusedFileError
from tests.support.voc_maker import thing, voc

RULES = {
  'corners in another order': ((30, 36, 16, 12), (0.25, 0.25, 0.75, 0.46875), [BoxRule.SWAPPED]),
  'partly outside': ((-10, 12, 32, 99), (0.25, 0, 1, 0.5), [BoxRule.CLIPPED]),
  'the whole image': ((0, 0, 64, 48), (0, 0, 1, 1), []),
}


@pytest.mark.parametrize(('corners', 'expected', 'rules'), RULES.values(), ids=RULES)
def test_a_box_that_is_kept(corners, expected, rules):
  box, applied = boxes.normalise(Object('cat', *corners), 64, 48)
  assert (box.ymin, box.xmin, box.ymax, box.xmax) == expected
  assert applied == rules


DROPPED = {
  'not a number': (('nan', 1, 2, 3), BoxRule.NOT_FINITE),
  'infinite': ((1, 1, 'inf', 3), BoxRule.NOT_FINITE),
  'infinite by size': ((1, 1, '1e999', 3), BoxRule.NOT_FINITE),
  'no width': ((5, 5, 5, 20), BoxRule.EMPTY),
  'no height': ((5, 5, 20, 5), BoxRule.EMPTY),
  'thinner than float32': ((30, 5, 30.0000001, 20), BoxRule.EMPTY),
  'left of the image': ((-20, 5, -1, 20), BoxRule.OUTSIDE),
  'above the image': ((5, -20, 20, -5), BoxRule.OUTSIDE),
  'right of the image': ((64, 5, 70, 20), BoxRule.OUTSIDE),
  'below the image': ((5, 48, 20, 60), BoxRule.OUTSIDE),
}


@pytest.mark.parametrize(('corners', 'rule'), DROPPED.values(), ids=DROPPED)
def test_a_box_that_is_dropped_leaves_the_good_one_beside_it(corners, rule):
  things = Object('cat', *map(float, corners)), Object('good', 10, 10, 30, 30)
  usable, counts = boxes.usable(Annotation(things), 64, 48)
  assert [box.label for box in usable] == ['good']
  assert counts == {rule.value: 1}


def test_fractions_are_not_divided_again():
  annotation = Annotation((Object('cat', 0.25, 0.5, 0.75, 1.0),), relative=True)
  (box,), _ = boxes.usable(annotation, 64, 48)
  assert (box.ymin, box.xmin, box.ymax, box.xmax) == (0.5, 0.25, 1.0, 0.75)


# A box of 80 by 10 pixels about (50, 50), turned: {angle in degrees: the box around it, and the rules}.
TURNED = {
  0: ((10, 45, 90, 55), []),
  90: ((45, 10, 55, 90), [BoxRule.TURNED]),
  -90: ((45, 10, 55, 90), [BoxRule.TURNED]),
  180: ((10, 45, 90, 55), []),
  360: ((10, 45, 90, 55), []),
  30: ((12.859, 25.67, 87.141, 74.33), [BoxRule.TURNED]),
  None: ((10, 45, 90, 55), [BoxRule.TURN_UNKNOWN]),
}


@pytest.mark.parametrize(('angle', 'expected'), TURNED.items())
def test_a_turned_box_becomes_the_upright_box_around_it(angle, expected):
  box, rules = boxes.normalise(Object('plank', 10, 45, 90, 55, turned=angle), 100, 100)
  corners = [100 * side for side in (box.xmin, box.ymin, box.xmax, box.ymax)]
  assert (pytest.approx(expected[0], abs=1e-3), expected[1]) == (corners, rules)


def test_a_box_turned_out_of_its_image_is_clipped():
  _, rules = boxes.normalise(Object('plank', 0, 0, 80, 10, turned=90.0), 100, 100)
  assert rules == [BoxRule.TURNED, BoxRule.CLIPPED]


def test_a_box_turned_by_no_finite_angle_is_dropped():
  assert boxes.normalise(Object('plank', 0, 0, 80, 10, turned=float('nan')), 100, 100) == (None, [BoxRule.NOT_FINITE])


def test_scaled_boxes_are_counted():
  usable, counts = boxes.usable(Annotation((Object('cat', 300, 100, 600, 300),), 1920, 1080), 640, 360)
  assert counts == {BoxRule.SCALED.value: 1}
  assert [side * 640 for side in (usable[0].xmin, usable[0].xmax)] == pytest.approx([100, 200])


def test_exact_duplicates_are_merged_and_other_classes_are_not():
  same = [Object(label, 1, 2, 3, 4) for label in ('cat', 'cat', 'dog')]
  usable, counts = boxes.usable(Annotation(tuple(same)), 64, 48)
  assert [box.label for box in usable] == ['cat', 'dog']
  assert counts == {BoxRule.DUPLICATE.value: 1}


numbers = st.one_of(
  st.floats(allow_nan=True, allow_infinity=True),
  st.integers(-(10**12), 10**12),
  st.sampled_from(['', 'x', '1e999', '0x10', '1_0', '٣', ' 5 ', '5,5']),
)

names = st.text(st.characters(codec='utf-8', exclude_characters='<&\r', exclude_categories=('Cc', 'Cs')), max_size=30)


@given(
  boxes_given=st.lists(st.tuples(names, st.tuples(numbers, numbers, numbers, numbers)), max_size=5),
  size=st.tuples(numbers, numbers),
  image=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
)
@settings(max_examples=80, deadline=None)
def test_no_box_ever_leaves_the_unit_square(boxes_given, size, image):
  xml = voc(*(thing(name, box) for name, box in boxes_given), size=size)
  try:
    usable, counts = boxes.usable(reader.parse(xml.encode()), *image)
  except RefusedFileError:
    return
  for box in usable:
    assert 0 <= box.ymin < box.ymax <= 1
    assert 0 <= box.xmin < box.xmax <= 1
    assert box.label.strip() == box.label != ''
  dropped = sum(count for rule, count in counts.items() if rule.startswith(('dropped', 'merged')))
  assert len(usable) + dropped == len(boxes_given)
