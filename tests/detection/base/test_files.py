"""Files and folders appear whole or not at all."""

import pytest

from detection.base import files


def test_a_file_that_could_not_be_written_keeps_its_old_content(tmp_path, monkeypatch):
  path = tmp_path / 'deep' / 'file.txt'
  files.write_text(str(path), 'old')

  def no_rename(*_, **__):
    raise OSError('No space left on device')

  monkeypatch.setattr(files, 'rename', no_rename)
  with pytest.raises(OSError, match='No space'):
    files.write_text(str(path), 'new')
  assert path.read_text() == 'old'


def test_a_file_takes_the_place_of_the_one_before(tmp_path):
  for text in ('first', 'second, ü'):
    files.write_text(str(tmp_path / 'file.txt'), text)
  assert files.read_text(str(tmp_path / 'file.txt')) == 'second, ü'
  assert [path.name for path in tmp_path.iterdir()] == ['file.txt']


def test_a_file_that_another_removed_reads_as_empty_and_is_not_missed(tmp_path):
  path = str(tmp_path / 'file.txt')
  files.write_text(path, 'text')
  assert files.read_text_if_there(path) == 'text'
  for _ in range(2):
    files.remove_if_there(path)
    assert files.read_text_if_there(path) == ''


def test_a_folder_takes_the_place_of_the_one_before(tmp_path):
  for name in ('a', 'b'):
    with files.whole_directory(str(tmp_path / 'folder')) as folder:
      files.write_text(files.join(folder, name), name)
  assert [path.name for path in tmp_path.rglob('*')] == ['folder', 'b']


def test_a_folder_that_fails_halfway_leaves_the_one_before(tmp_path):
  with files.whole_directory(str(tmp_path / 'folder')) as folder:
    files.write_text(files.join(folder, 'a'), 'a')

  def write_half():
    with files.whole_directory(str(tmp_path / 'folder')) as folder:
      files.write_text(files.join(folder, 'b'), 'b')
      raise ValueError('halfway')

  with pytest.raises(ValueError, match='halfway'):
    write_half()
  assert [path.name for path in tmp_path.rglob('*')] == ['folder', 'a']


def test_a_tree_is_copied_with_its_folders(tmp_path):
  files.write_text(str(tmp_path / 'from/x/y.txt'), 'y')
  files.write_text(str(tmp_path / 'from/z.txt'), 'z')
  files.copy_tree(str(tmp_path / 'from'), str(tmp_path / 'to'))
  assert sorted(str(p.relative_to(tmp_path / 'to')) for p in (tmp_path / 'to').rglob('*.txt')) == ['x/y.txt', 'z.txt']


def test_remote_paths_keep_forward_slashes():
  assert files.join('s3://bucket/runs/', 'model', 'label_map.pbtxt') == 's3://bucket/runs/model/label_map.pbtxt'
