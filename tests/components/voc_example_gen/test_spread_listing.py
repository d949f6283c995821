"""Listing a folder that is too large to be held."""

import pytest

from components.voc_example_gen import listing, spread_listing
from tests.support import voc_maker


def test_a_small_folder_is_held_in_memory(tmp_path):
  root = voc_maker.devkit(tmp_path / 'data', 4)
  assert spread_listing.read(str(root), str(tmp_path / 'work'), most=8) == listing.list_folder(str(root))
  assert not (tmp_path / 'work').exists()


def test_a_large_one_is_the_same_in_parts(tmp_path, monkeypatch):
  monkeypatch.setattr(spread_listing, '_RUN', 5)
  root = voc_maker.write(voc_maker.devkit(tmp_path / 'data', 8), {'README.txt': '', 'raw/1.psd': ''})
  tree = spread_listing.read(str(root), str(tmp_path / 'work'), most=16)
  assert (tree.files, len(tree.runs)) == (16, 4)
  assert [file.path for file in tree.others.files] == ['README.txt']
  assert tree.whole() == listing.list_folder(str(root))


def test_other_files_than_can_be_held_go_into_the_parts_too(tmp_path, monkeypatch):
  monkeypatch.setattr(spread_listing, 'MOST_OTHERS', 2)
  root = voc_maker.write(tmp_path / 'data', {f'{n}.txt': '' for n in range(5)})
  tree = spread_listing.read(str(root), str(tmp_path / 'work'), most=0)
  assert (tree.files, len(tree.others.files)) == (3, 2)
  assert tree.whole() == listing.list_folder(str(root))


@pytest.mark.parametrize('path', ['x/A.jpg', 'A.xml', 'a.jpg.xml', 'a.xml.xml', 'a%2Ejpg.xml', 'a.jpg.png', 'a.txt'])
def test_files_that_may_belong_together_are_in_one_part(path):
  assert spread_listing.part_of(path) == spread_listing.part_of('y/a.jpg')
