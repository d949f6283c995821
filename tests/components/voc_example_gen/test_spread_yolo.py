"""Workers read the label files of their parts, and tell how they used the lists of class names."""

from components.voc_example_gen import exchange, item_rows, spread_listing, spread_yolo, work_list
from components.voc_example_gen.spread_listing import PARTS
from tests.support import voc_maker


def label(folder, files):
  root = voc_maker.write(folder / 'data', files)
  tree = spread_listing.read(str(root), str(folder), most=0)
  output = str(folder / 'pairs')
  saved = work_list.save(str(folder), 'tree', tree)
  spread_yolo.Label(saved, tuple(range(PARTS)), False, ('folders', 'declared'), output)()
  return [item_rows.to_item(row) for _, _, *row in exchange.load([output], [0])], work_list.load(f'{output}.found')


def test_boxes_are_in_the_rows_that_are_handed_on(tmp_path):
  files = {'train/1.jpg': b'', 'train/1.txt': '1 0.5 0.5 0.5 1\n', 'classes.txt': 'cat\ndog\n', 'alone.jpg': b''}
  (item,), found = label(tmp_path, files)
  assert [(thing.label, thing.xmin, thing.xmax) for thing in item.annotation.objects] == [('dog', 0.25, 0.75)]
  assert (item.split_hint, item.annotation.relative) == ('train', True)
  assert found.paired.left == ('alone.jpg',)
  assert found.paired.folders == {'train': 1}
  assert found.usage.used == {'classes.txt': {1}}


def test_label_files_that_all_have_to_be_seen_are_unclear(tmp_path):
  items, found = label(tmp_path, {'1.jpg': b'', '1.txt': '1 0.5 0.5 0.5 1 0.9\n'})
  assert items == []
  assert not found.paired.is_clear
