"""What a path is, told from its name and its first bytes. Whole files: test_keras_h5.py, test_tf1_checkpoint.py."""

import pytest

from detection.base.errors import ConfigError
from detection.odapi.weights import read


@pytest.mark.parametrize(
  ('path', 'expected'), [('imagenet', True), ('s3://far/net.weights.h5', True), ('a/ckpt-0', False)]
)
def test_a_name_is_enough_for_most(path, expected):
  assert read.named_as_keras(path) is expected


def test_a_file_of_any_name_is_known_by_its_first_bytes(tmp_path):
  (tmp_path / 'weights').write_bytes(b'\x89HDF\r\n\x1a\n...')
  (tmp_path / 'notes').write_bytes(b'hello')
  assert read.is_keras(str(tmp_path / 'weights'))
  assert not read.is_keras(str(tmp_path / 'notes'))


@pytest.mark.parametrize('content', [b'', b'not a model'])
def test_another_kind_of_file_is_refused(tmp_path, content):
  (tmp_path / 'net.h5').write_bytes(content)
  with pytest.raises(ConfigError, match=r'net\.h5: neither an HDF5 file nor a \.keras archive'):
    read.read(str(tmp_path / 'net.h5'))


def test_a_missing_file_is_refused_by_name():
  for look in (read.read, read.fingerprint):
    with pytest.raises(ConfigError, match=r'nowhere\.h5: no such file'):
      look('nowhere.h5')


def test_the_fingerprint_follows_the_content(tmp_path):
  found = []
  for content in (b'some', b'other', b'some'):
    (tmp_path / 'net.h5').write_bytes(content)
    found.append(read.fingerprint(str(tmp_path / 'net.h5')))
  assert found[0] == found[2] != found[1]
  assert read.fingerprint('imagenet') == ''
