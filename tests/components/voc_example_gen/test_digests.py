"""Cache truth: the fingerprint changes with any byte that counts, and with nothing else."""

import os

import pytest

from components.voc_example_gen import digests, listing
from tests.support import voc_maker


@pytest.fixture
def root(tmp_path):
  voc_maker.write(tmp_path, {'ImageSets/Main/train.txt': '000\n'})
  return voc_maker.devkit(tmp_path, count=3)


def fingerprint(root):
  return digests.fingerprint(listing.list_folder(str(root)))


@pytest.mark.parametrize('path', ['JPEGImages/001.jpg', 'Annotations/001.xml', 'ImageSets/Main/train.txt'])
def test_one_changed_byte_changes_it(root, path):
  before = fingerprint(root)
  content = (root / path).read_bytes()
  (root / path).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
  assert fingerprint(root) != before


def test_files_added_removed_and_renamed_change_it(root):
  seen = {fingerprint(root)}
  (root / 'Annotations/new.xml').write_text('<annotation/>')
  seen.add(fingerprint(root))
  os.rename(root / 'Annotations/new.xml', root / 'Annotations/newer.xml')
  seen.add(fingerprint(root))
  assert len(seen) == 3


def test_times_and_junk_do_not_change_it(root):
  before = fingerprint(root)
  os.utime(root / 'JPEGImages/001.jpg', (1, 1))
  for junk in ('.DS_Store', 'Thumbs.db', '.git/config.xml'):
    voc_maker.write(root, {junk: 'junk'})
  assert fingerprint(root) == before


def test_a_file_that_cannot_be_read_has_no_digest(root):
  assert digests.of_files(str(root), ['JPEGImages/001.jpg', 'gone.jpg'])['gone.jpg'] == ''
