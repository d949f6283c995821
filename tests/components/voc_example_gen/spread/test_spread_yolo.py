"""Workers read the label files of their parts, and tell how they used the lists of class names."""

from array import array

from components.voc_example_gen import yolo_rows
from components.voc_example_gen.spread import exchange, item_rows, spread_yolo, work_list
from components.voc_example_gen.spread.spread_listing import PARTS
from components.voc_example_gen.yolo_rows import Columns, Sample
from tests.support import spread_plans, voc_maker


def label(folder, files):
  root = voc_maker.write(folder / 'data', files)
  tree = spread_plans.listed(root, folder)
  output = str(folder / 'pairs')
  saved = work_list.save(str(folder), 'tree', tree)
  spread_yolo.Label(saved, tuple(range(PARTS)), False, ('folders', 'declared'), output)()
  return [item_rows.to_item(row) for _, _, _, *row in exchange.load([output], [0])], work_list.load(f'{output}.found')


def test_boxes_are_in_the_rows_that_are_handed_on(tmp_path):
  files = {'train/1.jpg': b'', 'train/1.txt': '1 0.5 0.5 0.5 1\n', 'classes.txt': 'cat\ndog\n', 'alone.jpg': b''}
  (item,), found = label(tmp_path, files)
  assert [(thing.label, thing.xmin, thing.xmax) for thing in item.annotation.objects] == [('dog', 0.25, 0.75)]
  assert (item.split_hint, item.annotation.relative) == ('train', True)
  assert found.paired.left == ('alone.jpg',)
  assert found.paired.folders == {'train': 1}
  assert found.usage.used == {'classes.txt': {1}}


def test_the_sizes_of_images_are_handed_on_for_they_tell_how_many_fill_a_shard(tmp_path):
  label(tmp_path, {'1.jpg': b'12345', '1.txt': '0 0.5 0.5 0.5 1\n', '2.jpg': b'1', '2.txt': ''})
  assert {row[3]: row[1] for row in exchange.load([str(tmp_path / 'pairs')], [0])} == {'1.jpg': 5, '2.jpg': 1}


def test_longer_rows_are_looked_at_and_read_when_all_are_known(tmp_path):
  items, found = label(tmp_path, {'1.jpg': b'', '1.txt': '1 0.5 0.5 0.5 1 0.9\n', '2.jpg': b'', '2.txt': ''})
  assert items == []
  ((path, names, columns),) = found.columns
  assert (path, names) == ('1.txt', '')
  assert columns.samples == {6: [('1.txt', 1, array('d', (0.5, 0.5, 0.5, 1, 0.9)))]}


def test_the_first_rows_of_all_parts_decide(monkeypatch):
  monkeypatch.setattr(yolo_rows, '_SAMPLE', 2)

  def columns(keypoints, *files):
    return Columns(keypoints, {6: [Sample(file, 1, array('d', [number])) for number, file in enumerate(files)]})

  parts = [[('b.txt', 'x', columns((1, 2), 'b.txt', 'd.txt'))], [('a.txt', 'x', columns(None, 'a.txt', 'c.txt'))]]
  for order in (parts, parts[::-1]):
    found = spread_yolo.merged(order)['x']
    assert [sample.path for sample in found.samples[6]] == ['a.txt', 'b.txt']
    assert found.keypoints is None
