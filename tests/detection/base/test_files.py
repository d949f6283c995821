"""One file layer: local paths, and a remote file system, here TensorFlow's in memory."""

import hashlib
import os
import subprocess
import sys
import uuid

import pytest

from detection.base import files
from detection.base.errors import DataError
from tests.support import s3_server
from tests.support.stacks import s3_without_tensorflow


@pytest.fixture(scope='module')
def bucket():
  """A bucket on a real S3 server."""
  with s3_server.running() as server, pytest.MonkeyPatch.context() as patch:
    for name, value in server.variables.items():
      patch.setenv(name, value)
    server.make_bucket('bucket')
    yield 's3://bucket'


@pytest.fixture(params=['local', 'remote', pytest.param('s3', marks=s3_without_tensorflow)])
def root(request, tmp_path):
  """A folder that exists, on each file system."""
  if request.param == 'local':
    return str(tmp_path)
  if request.param == 's3':
    return f'{request.getfixturevalue("bucket")}/{uuid.uuid4().hex}'
  uri = f'ram://{uuid.uuid4().hex}'
  files.makedirs(uri)
  return uri


@pytest.fixture(params=['local', pytest.param('s3', marks=s3_without_tensorflow)])
def renames(request, tmp_path):
  """A folder where folders can be renamed, which the file system in memory cannot."""
  if request.param == 'local':
    return str(tmp_path)
  return f'{request.getfixturevalue("bucket")}/{uuid.uuid4().hex}'


def tree(folder):
  """The files below a folder, as paths from there."""
  return sorted(
    os.path.relpath(files.join(inside, name), folder) for inside, _, names in files.walk(folder) for name in names
  )


def test_a_file_takes_the_place_of_the_one_before(root):
  path = files.join(root, 'deep', 'file.txt')
  for text in ('first', 'second, ü'):
    files.write_text(path, text)
    assert files.read_text(path) == text
  assert files.read_bytes(path) == 'second, ü'.encode()
  assert tree(root) == ['deep/file.txt']


def test_a_file_that_fails_halfway_keeps_its_old_content_and_leaves_nothing(root):
  path = files.join(root, 'file.txt')
  files.write_text(path, 'old')

  def write_half():
    with files.whole_file(path) as file:
      file.write(b'half')
      raise ValueError('halfway')

  with pytest.raises(ValueError, match='halfway'):
    write_half()
  assert files.read_text(path) == 'old'
  assert tree(root) == ['file.txt']


def test_a_file_that_cannot_be_put_in_its_place_keeps_its_old_content(tmp_path, monkeypatch):
  path = tmp_path / 'file.txt'
  files.write_text(str(path), 'old')

  def no_rename(*_, **__):
    raise OSError('No space left on device')

  monkeypatch.setattr(files, 'rename', no_rename)
  with pytest.raises(OSError, match='No space'):
    files.write_text(str(path), 'new')
  assert path.read_text() == 'old'
  assert [one.name for one in tmp_path.iterdir()] == ['file.txt']


def test_a_program_that_writes_by_path_gets_one_with_the_suffix(renames):
  path = files.join(renames, 'clip.mp4')
  with files.whole_path(path) as beside:
    assert beside.endswith('.mp4')
    files.write_text(beside, 'frames')
    assert not files.exists(path)
  assert files.read_text(path) == 'frames'
  assert tree(renames) == ['clip.mp4']


def test_a_file_that_another_removed_reads_as_empty_and_is_not_missed(root):
  path = files.join(root, 'file.txt')
  files.write_text(path, 'text')
  assert files.read_text_if_there(path) == 'text'
  for _ in range(2):
    files.remove_if_there(path)
    assert files.read_text_if_there(path) == ''


def test_a_file_that_the_user_named_is_there_or_refused_by_name(root):
  files.write_text(files.join(root, 'a'), 'text')
  assert files.read_user_file(files.join(root, 'a')) == b'text'
  for path in (root, files.join(root, 'b')):
    with pytest.raises(DataError, match=f'{path}: no such file'):
      files.read_user_file(path)


def test_a_folder_takes_the_place_of_the_one_before(renames):
  for name in ('a', 'b'):
    with files.whole_directory(files.join(renames, 'folder')) as folder:
      files.write_text(files.join(folder, name), name)
  assert tree(renames) == ['folder/b']


def test_a_folder_that_fails_halfway_leaves_the_one_before(renames):
  with files.whole_directory(files.join(renames, 'folder')) as folder:
    files.write_text(files.join(folder, 'a'), 'a')

  def write_half():
    with files.whole_directory(files.join(renames, 'folder')) as folder:
      files.write_text(files.join(folder, 'b'), 'b')
      raise ValueError('halfway')

  with pytest.raises(ValueError, match='halfway'):
    write_half()
  assert tree(renames) == ['folder/a']


def test_a_tree_is_copied_with_its_folders_also_to_the_other_file_system(root, tmp_path):
  for name in ('from/x/y.txt', 'from/z.txt'):
    files.write_text(files.join(root, name), name)
  for target in (files.join(root, 'to'), str(tmp_path / 'elsewhere')):
    files.copy_tree(files.join(root, 'from'), target)
    assert tree(target) == ['x/y.txt', 'z.txt']
    assert files.read_text(files.join(target, 'x/y.txt')) == 'from/x/y.txt'


def test_only_a_file_on_a_disk_is_read_ahead_and_only_who_reads_it_finds_that_it_is_gone(root, tmp_path, monkeypatch):
  asked = []
  monkeypatch.setattr(os, 'posix_fadvise', lambda descriptor, *rest: asked.append(os.fstat(descriptor).st_size))
  files.write_bytes(files.join(root, 'there'), b'abc')
  files.read_ahead(files.join(root, 'there'))
  files.read_ahead(files.join(root, 'gone'))
  assert asked == ([] if files.is_remote(root) else [3])


def test_names_come_in_order_without_slashes(root):
  for name in ('b.txt', 'a.txt', 'folder/c.txt'):
    files.write_text(files.join(root, name), '')
  assert files.listdir(root) == ['a.txt', 'b.txt', 'folder']
  assert files.glob(files.join(root, '*.txt')) == [files.join(root, name) for name in ('a.txt', 'b.txt')]
  assert files.isdir(files.join(root, 'folder'))
  assert not files.isdir(files.join(root, 'a.txt'))


def test_a_folder_is_removed_with_all_in_it_if_it_is_there(root):
  files.write_text(files.join(root, 'folder/deep/file.txt'), '')
  for _ in range(2):
    files.rmtree_if_there(files.join(root, 'folder'))
    assert not files.exists(files.join(root, 'folder'))


def test_a_digest_is_of_the_content_of_all_blocks(root, monkeypatch):
  monkeypatch.setattr(files, '_BLOCK', 4)
  files.write_text(files.join(root, 'file'), 'nine char')
  assert files.sha256(files.join(root, 'file')) == hashlib.sha256(b'nine char').hexdigest()


def test_text_is_utf_8_in_every_locale(tmp_path):
  with files.open(str(tmp_path / 'a'), 'w') as file:
    file.write('ü')
  assert (tmp_path / 'a').read_bytes() == b'\xc3\xbc'


def test_linked_folders_are_walked_once(tmp_path):
  (tmp_path / 'data').mkdir()
  (tmp_path / 'data/a.txt').touch()
  (tmp_path / 'data/up').symlink_to(tmp_path / 'data')
  (tmp_path / 'root').mkdir()
  (tmp_path / 'root/link').symlink_to(tmp_path / 'data')
  assert tree(str(tmp_path / 'root')) == ['link/a.txt']


def test_what_a_missing_file_raises_is_among_the_errors(root):
  path = files.join(root, 'absent')
  with pytest.raises(files.errors(path)):
    files.read_bytes(path)


def test_remote_paths_keep_forward_slashes():
  assert files.join('s3://bucket/runs/', 'model', 'label_map.pbtxt') == 's3://bucket/runs/model/label_map.pbtxt'
  assert files.is_remote('s3://bucket')
  assert not files.is_remote('/bucket')


def test_local_files_need_no_tensorflow(tmp_path):
  code = (
    'import sys; from detection.base import files\n'
    'files.write_text(sys.argv[1], "x"); files.load_scheme(sys.argv[1]); files.sha256(sys.argv[1])\n'
    'sys.exit("tensorflow" in sys.modules)'
  )
  assert subprocess.run([sys.executable, '-c', code, str(tmp_path / 'a')], check=False).returncode == 0
