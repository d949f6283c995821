import os
import tempfile

import pytest

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
  assert {os.path.dirname(cache) for cache in (first, second)} == {work.cache}
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
