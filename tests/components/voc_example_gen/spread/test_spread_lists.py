"""Lines of lists come to where the images are that they may name; test_yolo_stages.py compares with one process."""

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.splits import imagesets
from components.voc_example_gen.splits.declared import List
from components.voc_example_gen.spread import exchange, spread_listing, spread_lists, work_list
from components.voc_example_gen.spread.spread_listing import PARTS
from components.voc_example_gen.spread.spread_lists import Found, ReadList
from tests.support import voc_maker


def read(folder, content, name='train.txt'):
  voc_maker.write(folder, {name: content})
  ReadList(str(folder), List(0, 'train', name, ('',)), str(folder / f'read-{name}'))()
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
  read(tmp_path, 'x/a.jpg\n "b.jpg" \nc.jpg\n')
  read(tmp_path, 'A.jpg\n', 'val.txt')
  lists = [
    Found(List(rank, split, f'{name}.txt', ('',)), str(tmp_path / f'read-{name}.txt'))
    for rank, split, name in ((0, 'train', 'train'), (0, 'eval', 'val'), (1, 'test', 'val'))
  ]
  marked = {}
  for part in range(PARTS):
    own = [image for image in ('x/a.jpg', 'b.jpg', 'd.jpg') if spread_listing.part_of(image) == part]
    first, second = spread_lists.by_declared(lists, [part], own)
    marked |= {image: (first.get(image, ''), second.get(image, '')) for image in own}
  assert marked == {'x/a.jpg': ('eval', 'test'), 'b.jpg': ('train', ''), 'd.jpg': ('', '')}


def test_a_list_that_is_not_there_has_no_lines(tmp_path):
  ReadList(str(tmp_path), List(0, 'train', 'train.txt', ('',)), str(tmp_path / 'read'))()
  assert work_list.load(str(tmp_path / 'read.found')) == ((), True)


IMAGES = {
  'a.jpg': 'a\n',
  'b.png': 'b.png\n',
  'c.tar.jpg': 'c.tar\n',
  'd.xml.jpg': 'd.xml\n',
  'e 1.jpg': 'e 1\n',
  'f%41.jpg': 'f%41\n',
  'Ä.JPG': 'Ä\n',
  'g.jpg': 'g -1\n',
  'JPEGImages/h.jpg': './JPEGImages/h\n',
  'i.jpg': 'JPEGImages\\i.jpg\nI\n',  # another path, another case
}


def test_the_lines_of_a_devkit_come_to_the_images_that_they_name(tmp_path):
  one = imagesets.List('train', 'VOC/ImageSets/Main/train.txt', 'VOC')
  images = [f'VOC/{name}' for name in IMAGES]
  voc_maker.write(tmp_path, {one.path: ''.join(IMAGES.values()).replace('./JPEG', './VOC/JPEG')})
  ReadList(str(tmp_path), one, str(tmp_path / 'read'))()
  found = {}
  for part in range(PARTS):
    own = [image for image in images if spread_listing.part_of(image) == part]
    found |= spread_lists.by_imagesets([Found(one, str(tmp_path / 'read'))], [part], own)
  tree = listing.list_folder(str(tmp_path))
  assert found == imagesets.read(tree, [Item(image) for image in images])
  assert found == dict.fromkeys(images[:-1], 'train')
