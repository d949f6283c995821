"""What is known of parts, and what is unclear without the others."""

import dataclasses

import pytest

from components.voc_example_gen import listing, plan
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.spread import item_rows, list_stages, spread_listing, spread_parts
from components.voc_example_gen.spread.spread_listing import PARTS, Kind
from components.voc_example_gen.spread.spread_parts import UnclearError
from tests.support import spread_plans, voc_maker

NOTHING = spread_listing.SpreadTree(listing.Tree('x', ()), (), 0, 0, 0, 0)
ROWS = '0 0.5 0.5 0.1 0.1\n'


def handed_on(images, methods, tree=NOTHING):
  return spread_parts.handed_on([(9, Item(image)) for image in images], tree, range(PARTS), methods)


def test_images_are_counted_by_folder_where_folders_may_be_declared():
  some = ('a/1.jpg', 'a/2.jpg', 'train/b/1.jpg', '1.jpg')
  rows, found = handed_on(some, ('folders', 'declared'))
  splits = [('', '', 'train' if image.startswith('train') else '') for image in some]
  assert rows == {
    0: [
      (plan.order_of(image), 9, splits, *item_rows.of_item(Item(image)))
      for image, splits in zip(some, splits, strict=True)
    ]
  }
  assert found.images == 4
  assert found.counts == {'folders': {'train': 1}}
  assert found.folders == {'a': 2, 'train/b': 1, '': 1}
  assert handed_on(some, ('folders',))[1].folders == {}


def test_buckets_are_ranges_of_the_order_of_shards(monkeypatch):
  monkeypatch.setattr(spread_parts, '_TASKS_OF_A_BUCKET', 10)
  tree = dataclasses.replace(NOTHING, images=40)
  rows, _ = handed_on([f'{number}.jpg' for number in range(40)], (), tree)
  ordered = [sorted(row[0] for row in rows[bucket]) for bucket in range(spread_parts.buckets(tree))]
  assert len(ordered) == 4
  assert sum(ordered, []) == sorted(plan.order_of(f'{number}.jpg') for number in range(40))


def test_images_whose_paths_differ_in_case_alone_are_unclear_where_folders_may_be_declared():
  some = ('a/1.jpg', 'A/1.JPG')
  assert handed_on(some, ('folders',))[1].images == 2
  with pytest.raises(UnclearError):
    handed_on(some, ('declared',))


def of_format(folder, kind, is_named):
  tree = spread_plans.listed(folder / 'data', folder)
  return sorted(file.path for file in spread_parts.of_format(tree, range(PARTS), kind, is_named))


@pytest.mark.parametrize('kind', [None, Kind.XML, Kind.TEXT])
def test_annotations_of_other_formats_are_passed_over_only_if_the_format_is_named(tmp_path, kind):
  own = {Kind.XML: ['x.xml'], Kind.TEXT: ['t.txt']}.get(kind, [])
  voc_maker.write(tmp_path / 'data', {'a.jpg': b'', 'x.xml': '', 't.txt': ROWS})
  assert of_format(tmp_path, kind, is_named=True) == ['a.jpg', *own]
  with pytest.raises(UnclearError):
    of_format(tmp_path, kind, is_named=False)


def test_texts_that_describe_nothing_are_passed_over(tmp_path):
  voc_maker.write(tmp_path / 'data', {'a.jpg': b'', 'x.xml': '', 'notes.txt': 'Cats.', 'empty.txt': ''})
  assert of_format(tmp_path, Kind.XML, is_named=False) == ['a.jpg', 'x.xml']


@pytest.mark.parametrize('is_named', [True, False])
def test_lists_that_were_too_many_to_be_held_are_unclear(tmp_path, monkeypatch, is_named):
  monkeypatch.setattr(list_stages, 'MOST_OTHERS', 0)
  voc_maker.write(tmp_path / 'data', {'a.jpg': b'', 'train.txt': ''})
  with pytest.raises(UnclearError):
    of_format(tmp_path, Kind.XML, is_named)
