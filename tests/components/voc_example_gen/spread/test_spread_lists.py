"""Lines of lists come to where the images are that they may name; test_yolo_stages.py compares with one process."""

import pytest

from components.voc_example_gen.splits.declared import List
from components.voc_example_gen.spread import exchange, spread_listing, spread_lists, work_list
from components.voc_example_gen.spread.spread_listing import PARTS
from components.voc_example_gen.spread.spread_lists import Found, ReadList
from tests.support import voc_maker


def read(folder, content, name='train.txt'):
  voc_maker.write(folder, {name: content})
  ReadList(str(folder), name, str(folder / f'read-{name}'))()
  return work_list.load(str(folder / f'read-{name}.found'))


@pytest.mark.parametrize('content', ['a.jpg\r\nb.jpg', '\ufeffa.jpg\x0bb.jpg\nno image\n', 'a.jpg\nb.jpg\n\n'])
@pytest.mark.parametrize('block', [1, 3, 100])
def test_lines_are_read_a_block_at_a_time(tmp_path, monkeypatch, content, block):
  monkeypatch.setattr(spread_lists, '_BLOCK', block)
  monkeypatch.setattr(spread_lists, '_RUN', 1)
  found = read(tmp_path, content)
  assert len(found.runs) == 2
  assert list(exchange.load(found.runs, range(PARTS))) == [('a.jpg',), ('b.jpg',)]


def test_the_lines_of_some_parts_mark_their_images(tmp_path):
  read(tmp_path, 'x/a.jpg\nb.jpg\nc.jpg\n')
  read(tmp_path, 'A.jpg\n', 'val.txt')
  lists = [
    Found(List(rank, split, f'{name}.txt', ('',)), str(tmp_path / f'read-{name}.txt'))
    for rank, split, name in ((0, 'train', 'train'), (0, 'eval', 'val'), (1, 'test', 'val'))
  ]
  marked = {}
  for part in range(PARTS):
    own = [image for image in ('x/a.jpg', 'b.jpg', 'd.jpg') if spread_listing.part_of(image) == part]
    marked |= zip(own, spread_lists.marks(lists, [part], own), strict=True)
  assert marked == {'x/a.jpg': ('eval', 'test'), 'b.jpg': ('train', ''), 'd.jpg': ('', '')}


def test_a_list_that_is_not_there_has_no_lines(tmp_path):
  ReadList(str(tmp_path), 'train.txt', str(tmp_path / 'read'))()
  assert work_list.load(str(tmp_path / 'read.found')) == ((), True)
