"""What a worker hands on about an image is what it has read."""

import pytest

from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.spread import exchange, item_rows

FULL = Annotation(
  (Object('Größe', 1.5, 2, 3.25, 4, True, True, 'Left', None), Object('a', 0, 0, 1, 1)),
  *(640, 480, 'f\udcfcr.jpg', '/x', True, (BoxRule.EMPTY, BoxRule.NOT_FINITE)),
)
ITEMS = {
  'an annotation in a file of its own': Item('a.jpg', 'voc', 'a.xml'),
  'all that there is': Item('f\udcfcr.jpg', 'coco', '', FULL, 'train'),
  'no objects': Item('a.jpg', 'coco', '', Annotation()),
}


@pytest.mark.parametrize('item', ITEMS.values(), ids=ITEMS)
def test_an_item_is_the_same_on_the_other_side(tmp_path, item):
  path = exchange.save(str(tmp_path / 'rows'), {0: [item_rows.of_item(item)]})
  (row,) = exchange.load([path], [0])
  assert item_rows.to_item(row) == item
  assert repr(item_rows.to_item(row)) == repr(item)  # 1 and 1.0, True and 1 are not the same here
  bare = item_rows.without_annotation(row)
  assert (bare.image, bare.split_hint, bare.annotation_file) == (item.image, item.split_hint, item.annotation_file)


def test_a_box_that_is_dropped_is_handed_on_by_its_rule():
  for thing in (BoxRule.MISSING, FULL.objects[0]):
    assert item_rows.to_thing(item_rows.of_thing(thing)) == thing
