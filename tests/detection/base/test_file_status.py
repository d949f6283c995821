"""What a file system says about files."""

import os
import types

import pytest

from detection.base import file_status, files, s3
from detection.base.errors import DataError
from detection.base.file_status import Status


def test_size_and_time_are_told_and_what_must_not_be_opened(tmp_path):
  (tmp_path / 'a').write_text('abc')
  os.utime(tmp_path / 'a', ns=(5, 7))
  os.mkfifo(tmp_path / 'pipe')
  (tmp_path / 'dead').symlink_to('nowhere')
  found = dict(file_status.of_all(str(tmp_path), ['a', 'pipe', 'dead', 'gone']))
  assert found['a'] == Status(3, '7')
  assert not found['pipe'].is_regular
  assert found['dead'] == found['gone'] == Status()


def test_many_files_are_told_in_their_order(tmp_path):
  names = [f'{number:04}' for number in range(1000)]
  for name in names[::7]:
    (tmp_path / name).write_text('x')
  found = list(file_status.of_all(str(tmp_path), names))
  assert [name for name, _ in found] == names
  assert sum(status.size for _, status in found) == len(names[::7])


def test_a_store_that_does_not_answer_is_no_missing_file(monkeypatch):
  import tensorflow as tf

  def stat(uri):
    raise {'gone': tf.errors.NotFoundError, 'busy': tf.errors.UnavailableError}[uri[-4:]](None, None, 'slow down')

  monkeypatch.setattr(files, 'gfile', lambda uri: types.SimpleNamespace(stat=stat))
  assert file_status.of('gs://bucket/gone') == Status()
  with pytest.raises(DataError, match='gs://bucket/busy: its store does not answer: slow down'):
    list(file_status.of_all('gs://bucket', ['gone', 'busy']))


def test_one_listing_of_a_store_tells_sizes_and_etags(monkeypatch):
  found = {'bucket/data/a.jpg': {'size': 3, 'ETag': '"x"'}, 'bucket/data/deep/b.jpg': {'size': 5, 'ETag': '"y"'}}
  monkeypatch.setattr(files, 'tensorflow_opens', lambda uri: False)
  monkeypatch.setattr(s3, 'states', s3.states.__wrapped__)  # botocore may not be installed
  monkeypatch.setattr(s3, '_store', lambda: types.SimpleNamespace(find=lambda uri, detail: found))
  assert dict(file_status.of_all('s3://bucket/data', ['a.jpg', 'deep/b.jpg', 'gone.jpg'])) == {
    'a.jpg': Status(3, '"x"'),
    'deep/b.jpg': Status(5, '"y"'),
    'gone.jpg': Status(),
  }
