"""Cache truth: what changes the fingerprint of a folder, by its listing and by its content."""

import json
import os
import shutil

import pytest

from components.voc_example_gen import digests, listing
from tests.support import voc_maker

LONG_AGO = 10**9  # a time in seconds


@pytest.fixture
def root(tmp_path):
  voc_maker.write(tmp_path / 'data', {'ImageSets/Main/train.txt': '000\n'})
  return voc_maker.devkit(tmp_path / 'data', count=3)


def fingerprint(root, kind=digests.LISTING, memory=''):
  return digests.fingerprint(listing.list_folder(str(root)), kind, str(memory))


def change_one_byte(path):
  content = path.read_bytes()
  path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def change_unseen(path):
  """Another content of equal size, with the time of the old one."""
  status = path.stat()
  change_one_byte(path)
  os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize('kind', digests.KINDS)
@pytest.mark.parametrize('path', ['JPEGImages/001.jpg', 'Annotations/001.xml', 'ImageSets/Main/train.txt'])
def test_one_changed_byte_changes_it(root, path, kind):
  os.utime(root / path, (LONG_AGO, LONG_AGO))
  before = fingerprint(root, kind)
  change_one_byte(root / path)
  assert fingerprint(root, kind) != before


@pytest.mark.parametrize('kind', digests.KINDS)
def test_files_added_removed_and_renamed_change_it(root, kind):
  seen = {fingerprint(root, kind)}
  (root / 'Annotations/new.xml').write_text('<annotation/>')
  seen.add(fingerprint(root, kind))
  os.rename(root / 'Annotations/new.xml', root / 'Annotations/newer.xml')
  seen.add(fingerprint(root, kind))
  assert len(seen) == 3


@pytest.mark.parametrize('kind', digests.KINDS)
def test_junk_does_not_change_it(root, kind):
  before = fingerprint(root, kind)
  for junk in ('.DS_Store', 'Thumbs.db', '.git/config.xml'):
    voc_maker.write(root, {junk: 'junk'})
  assert fingerprint(root, kind) == before


def test_by_its_listing_a_folder_equals_a_copy_that_keeps_the_times(root, tmp_path):
  before = fingerprint(root)
  shutil.copytree(root, tmp_path / 'copy')
  assert fingerprint(tmp_path / 'copy') == before
  os.utime(root / 'JPEGImages/001.jpg', (LONG_AGO, LONG_AGO))
  assert fingerprint(root) != before


def test_by_its_content_times_make_no_difference(root):
  before = fingerprint(root, digests.CONTENT)
  os.utime(root / 'JPEGImages/001.jpg', (LONG_AGO, LONG_AGO))
  assert fingerprint(root, digests.CONTENT) == before


def test_a_change_of_equal_size_and_time_is_missed_by_the_listing_alone(root):
  before = {kind: fingerprint(root, kind) for kind in digests.KINDS}
  change_unseen(root / 'JPEGImages/001.jpg')
  assert fingerprint(root, digests.LISTING) == before[digests.LISTING]
  assert fingerprint(root, digests.CONTENT) != before[digests.CONTENT]


def test_content_is_read_again_only_where_a_file_has_changed(root, tmp_path, monkeypatch):
  memory, read = tmp_path / 'memory.json', []
  sha256 = digests.files.sha256
  monkeypatch.setattr(digests, '_SETTLED_NS', -(10**18))  # as if the files had been written long ago
  monkeypatch.setattr(digests.files, 'sha256', lambda uri: read.append(os.path.basename(uri)) or sha256(uri))
  before = fingerprint(root, digests.CONTENT, memory)
  assert len(read) == 7
  read.clear()
  assert fingerprint(root, digests.CONTENT, memory) == before
  assert read == []
  change_unseen(root / 'JPEGImages/001.jpg')
  assert fingerprint(root, digests.CONTENT, memory) != before
  assert read == ['001.jpg']


def test_the_digest_of_a_file_that_was_just_written_is_not_kept(root, tmp_path):
  fingerprint(root, digests.CONTENT, tmp_path / 'memory.json')
  assert json.loads((tmp_path / 'memory.json').read_text()) == {}


@pytest.mark.parametrize('text', ['no JSON', '[]', '{"JPEGImages/001.jpg": 1}'])
def test_a_memory_that_cannot_be_read_is_made_anew(root, tmp_path, text):
  (tmp_path / 'memory.json').write_text(text)
  assert fingerprint(root, digests.CONTENT, tmp_path / 'memory.json') == fingerprint(root, digests.CONTENT)


def test_a_file_that_cannot_be_read_has_no_digest(root):
  assert digests.of_files(str(root), ['JPEGImages/001.jpg', 'gone.jpg'])['gone.jpg'] == ''
