"""Local copies of what TensorFlow cannot open. Mirrors work with any remote file system, here one in memory."""

import os
import uuid

import pytest
import tensorflow as tf

from detection.base import files, local_copies
from tests.support import s3_server
from tests.support.stacks import s3_without_tensorflow


@pytest.fixture
def remote():
  return f'ram://{uuid.uuid4().hex}/work'


def tree(folder):
  return sorted(
    os.path.relpath(files.join(inside, name), folder) for inside, _, names in files.walk(folder) for name in names
  )


def test_what_tensorflow_opens_is_not_copied(tmp_path):
  assert local_copies.readable(str(tmp_path)) == str(tmp_path)
  with local_copies.writable(str(tmp_path)) as folder:
    assert folder == str(tmp_path)


def test_a_mirror_begins_with_what_is_there_and_sends_what_changed(remote):
  files.makedirs(remote)
  files.write_text(files.join(remote, 'checkpoints/ckpt-1.index'), 'one')
  mirror = local_copies.Mirror(remote)
  assert tree(mirror.local) == ['checkpoints/ckpt-1.index']
  files.write_text(f'{mirror.local}/checkpoints/ckpt-2.index', 'two')
  files.write_text(f'{mirror.local}/cache/image', 'decoded')
  os.remove(f'{mirror.local}/checkpoints/ckpt-1.index')
  mirror.send(leave_out=['cache'])
  assert tree(remote) == ['checkpoints/ckpt-2.index']
  mirror.remove()
  assert not os.path.exists(mirror.local)
  assert files.read_text(files.join(remote, 'checkpoints/ckpt-2.index')) == 'two'


def test_a_checkpoint_is_whole_before_anything_names_it(remote, monkeypatch):
  mirror = local_copies.Mirror(remote)
  tf.train.CheckpointManager(tf.train.Checkpoint(x=tf.Variable(1.0)), f'{mirror.local}/checkpoints', 3).save()
  sent = []
  monkeypatch.setattr(files, 'copy', lambda source, target: sent.append(target.rpartition('/')[2]))
  mirror.send()
  assert sent == ['ckpt-1.data-00000-of-00001', 'checkpoint', 'ckpt-1.index']
  sent.clear()
  mirror.send()
  assert sent == []


@s3_without_tensorflow
def test_what_tensorflow_cannot_open_is_read_and_written_by_way_of_copies(monkeypatch):
  with s3_server.running() as server:
    for name, value in server.variables.items():
      monkeypatch.setenv(name, value)
    server.make_bucket('bucket')
    variable = tf.Variable(3.0)
    with local_copies.writable('s3://bucket/model') as folder:
      tf.train.Checkpoint(x=variable).write(f'{folder}/ckpt')
    prefix = local_copies.readable('s3://bucket/model/ckpt')
    assert tf.train.load_variable(prefix, 'x/.ATTRIBUTES/VARIABLE_VALUE') == 3.0
    files.write_text('s3://bucket/file', 'first')
    paths = [local_copies.readable('s3://bucket/file') for _ in range(2)]
    files.write_text('s3://bucket/file', 'second')
    changed = local_copies.readable('s3://bucket/file')
    assert paths[0] == paths[1] != changed
    assert [files.read_text(path) for path in (paths[0], changed)] == ['first', 'second']
    assert sorted(os.listdir(local_copies.readable('s3://bucket/model'))) == ['ckpt.data-00000-of-00001', 'ckpt.index']
