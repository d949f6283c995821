import os
import tempfile
import uuid

import pytest

from detection.base import files
from detection.base.local_copies import Mirror
from detection.training import work_folder
from detection.training.work_folder import WorkFolder


@pytest.mark.parametrize('path', ['s3://bucket/work', 'local'])
def test_a_cache_is_a_local_folder_of_its_own_even_when_an_earlier_process_left_one(path, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path / 'tmp'))
  work = WorkFolder(path, path)
  first, second = work.make_cache(), work.make_cache()
  assert first != second
  assert [os.path.isdir(cache) and not os.listdir(cache) for cache in (first, second)] == [True, True]
  # Python 3.12's mkdtemp makes paths absolute.
  assert {os.path.dirname(os.path.abspath(cache)) for cache in (first, second)} == {os.path.abspath(work.cache)}
  work.clean_up()
  assert not os.path.exists(work.cache)


def test_one_process_saves_where_a_restart_looks(tmp_path):
  work = WorkFolder.of_process(str(tmp_path), None)
  assert work.is_chief
  assert work.checkpoints == work.shared_checkpoints == str(tmp_path / 'checkpoints')


def test_a_worker_that_is_not_the_chief_saves_apart_and_leaves_nothing(tmp_path, monkeypatch):
  monkeypatch.setattr(work_folder.devices, 'is_chief', lambda strategy: False)
  work = WorkFolder.of_process(str(tmp_path), None)
  assert not work.is_chief
  assert work.shared_checkpoints == str(tmp_path / 'checkpoints')
  assert work.checkpoints != work.shared_checkpoints
  os.makedirs(work.checkpoints)
  (tmp_path / 'history.jsonl').touch()
  work.clean_up()
  assert os.listdir(tmp_path) == ['history.jsonl']


def test_a_work_folder_that_tensorflow_cannot_write_is_sent_with_each_checkpoint_but_for_the_cache():
  remote = f'ram://{uuid.uuid4().hex}/work'
  files.makedirs(remote)
  files.write_text(f'{remote}/history.jsonl', 'of an earlier process')
  mirror = Mirror(remote)
  work = WorkFolder(mirror.local, mirror.local, mirror)
  assert files.read_text(work.history) == 'of an earlier process'
  work.make_cache()
  files.write_text(files.join(work.checkpoints, 'ckpt-2.index'), 'index')
  work.saved()
  assert files.listdir(remote) == ['checkpoints', 'history.jsonl']
  files.write_text(work.restore_report, 'written since')
  work.clean_up()
  assert files.read_text(f'{remote}/restore_report.json') == 'written since'
  assert not os.path.exists(mirror.local)
