"""The folder that TensorFlow Serving watches, kept like the push destination."""

import hashlib
import json
import shutil

import pytest

from kubeflow.runtime import mirror


def push(destination, version, content=b'a model'):
  folder = destination / str(version)
  (folder / 'variables').mkdir(parents=True)
  files = {'saved_model.pb': content, 'variables/variables.index': b'an index'}
  for name, data in files.items():
    (folder / name).write_bytes(data)
  digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
  (folder / 'checksums.json').write_text(json.dumps(digests))
  return folder


@pytest.fixture
def pushed(tmp_path):
  push(tmp_path / 'pushed', 1)
  return tmp_path / 'pushed'


def served(target):
  return sorted(path.name for path in target.iterdir())


def test_versions_come_and_are_whole(pushed, tmp_path):
  target = tmp_path / 'served'
  assert mirror.mirror(str(pushed), str(target)) == [1]
  push(pushed, 2, b'a better model')
  assert mirror.mirror(str(pushed), str(target)) == [1, 2]
  assert (target / '2/saved_model.pb').read_bytes() == b'a better model'
  assert (target / '2/variables/variables.index').read_bytes() == b'an index'


def test_a_version_that_is_still_being_written_is_not_served_and_comes_later(pushed, tmp_path):
  target = tmp_path / 'served'
  half = push(pushed, 2)
  (half / 'variables/variables.index').write_bytes(b'an in')
  assert mirror.mirror(str(pushed), str(target)) == [1]
  assert served(target) == ['1']
  (half / 'variables/variables.index').write_bytes(b'an index')
  assert mirror.mirror(str(pushed), str(target)) == [1, 2]


def test_what_is_left_of_a_copy_that_was_killed_is_cleared(pushed, tmp_path):
  target = tmp_path / 'served'
  (target / '.copying-1').mkdir(parents=True)
  (target / '.copying-1/old').touch()
  mirror.mirror(str(pushed), str(target))
  assert served(target) == ['1']
  assert not (target / '1/old').exists()


def test_a_withdrawn_version_goes_but_never_the_last(pushed, tmp_path):
  target = tmp_path / 'served'
  push(pushed, 2)
  mirror.mirror(str(pushed), str(target))
  shutil.rmtree(pushed / '2')
  assert mirror.mirror(str(pushed), str(target)) == [1]
  shutil.rmtree(pushed / '1')
  assert mirror.mirror(str(pushed), str(target)) == [1]


def test_nothing_to_serve_is_status_1(tmp_path):
  assert mirror.main([str(tmp_path / 'empty'), str(tmp_path / 'served'), '--once']) == 1


@pytest.mark.parametrize('every', ['0', '-5', 'nan', 'inf'])
def test_an_interval_that_is_none_is_refused(every, tmp_path, capsys):
  with pytest.raises(SystemExit) as ended:
    mirror.main([str(tmp_path), str(tmp_path / 'served'), '--every', every])
  assert ended.value.code == 2
  assert f'expected seconds above 0, received {every}' in capsys.readouterr().err
