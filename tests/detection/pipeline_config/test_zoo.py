import hashlib
import io
import random
import tarfile

import pytest

from detection.base.errors import ConfigError
from detection.pipeline_config import builtin_bases, zoo
from detection.pipeline_config.base import read_base

CONFIG = builtin_bases.text('ssd_mobilenet_v2_fpnlite_320').encode()


def file(name, content=b'content'):
  member = tarfile.TarInfo(name)
  member.size = len(content)
  return member, content


def link(name, target, kind=tarfile.SYMTYPE):
  member = tarfile.TarInfo(name)
  member.type, member.linkname = kind, target
  return member, b''


MODEL = (
  file('net/pipeline.config', CONFIG),
  file('net/checkpoint/checkpoint', b'model_checkpoint_path: "ckpt-0"'),
  file('net/checkpoint/ckpt-0.index', b'index'),
  file('net/checkpoint/ckpt-0.data-00000-of-00001', b'data' * 1000),
  file('net/saved_model/saved_model.pb'),
  file('net/saved_model/variables/variables.index'),
  file('net/saved_model/variables/variables.data-00000-of-00001'),
)


@pytest.fixture
def pack(tmp_path):
  def write(*members, name='net.tar.gz'):
    path = tmp_path / name
    with tarfile.open(path, 'w:gz' if name.endswith('gz') else 'w') as tar:
      for member, content in members:
        tar.addfile(member, io.BytesIO(content))
    return str(path)

  return write


@pytest.mark.parametrize('name', ['net.tar.gz', 'net.tgz', 'net.tar'])
def test_an_archive_gives_config_and_checkpoint_together(pack, tmp_path, name):
  archive = pack(*MODEL, name=name)

  base = read_base(archive)
  prefix = zoo.unpack_checkpoint(archive, str(tmp_path / 'checkpoint'))

  assert base.text == CONFIG.decode()
  assert base.checkpoint == archive
  assert prefix == str(tmp_path / 'checkpoint' / 'ckpt-0')
  assert sorted(p.name for p in (tmp_path / 'checkpoint').iterdir()) == ['ckpt-0.data-00000-of-00001', 'ckpt-0.index']
  assert (tmp_path / 'checkpoint' / 'ckpt-0.data-00000-of-00001').read_bytes() == b'data' * 1000


def test_an_unpacked_folder_gives_both_as_well(pack, tmp_path):
  with tarfile.open(pack(*MODEL)) as tar:
    tar.extractall(tmp_path / 'unpacked')

  folder = str(tmp_path / 'unpacked' / 'net')

  assert read_base(folder).checkpoint == folder
  assert read_base(f'file://{folder}').text == CONFIG.decode()


@pytest.mark.parametrize(
  ('member', 'expected'),
  [
    pytest.param(file('../../evil/ckpt-1.index'), 'leads out', id='a way up'),
    pytest.param(file('/etc/ckpt-1.index'), 'leads out', id='an absolute name'),
    pytest.param(file('net/a/..\\..\\b'), 'leads out', id='a way up with backslashes'),
    pytest.param(link('net/checkpoint/ckpt-1.index', '/etc/passwd'), 'is a link', id='a symbolic link'),
    pytest.param(link('net/hard', 'net/pipeline.config', tarfile.LNKTYPE), 'is a link', id='a hard link'),
    pytest.param(link('net/pipe', '', tarfile.FIFOTYPE), 'a device or a pipe', id='a pipe'),
  ],
)
def test_an_unsafe_archive_is_refused_and_nothing_is_written(pack, tmp_path, member, expected):
  archive = pack(*MODEL, member)
  before = sorted(tmp_path.rglob('*'))

  with pytest.raises(ConfigError, match=expected):
    zoo.read_config(archive)
  with pytest.raises(ConfigError, match=expected):
    zoo.unpack_checkpoint(archive, str(tmp_path / 'checkpoint'))

  assert sorted(tmp_path.rglob('*')) == before


def test_an_archive_cut_short_is_refused_and_nothing_is_written(pack, tmp_path):
  archive = pack(*MODEL, file('net/checkpoint/more.txt', random.Random(0).randbytes(100_000)))
  with open(archive, 'r+b') as whole:
    whole.truncate(50_000)

  with pytest.raises(ConfigError, match='not a whole tar archive'):
    zoo.unpack_checkpoint(archive, str(tmp_path / 'checkpoint'))

  assert not (tmp_path / 'checkpoint').exists()


@pytest.mark.parametrize(
  ('members', 'expected'),
  [
    pytest.param(MODEL[1:], 'no pipeline.config in it', id='no config'),
    pytest.param((*MODEL, file('other/pipeline.config', CONFIG)), 'more than one pipeline.config', id='two configs'),
    pytest.param((file('net/pipeline.config', b' ' * (2 << 20)),), 'Expected a text of some', id='a huge config'),
    pytest.param((file('net/pipeline.config', b'\xff\xfe'),), 'is not text', id='no text'),
    pytest.param((file('net/pipeline.config', b'model {'),), 'line 1', id='a config that does not parse'),
  ],
)
def test_an_archive_without_a_usable_config_is_refused(pack, members, expected):
  with pytest.raises(ConfigError, match=expected):
    read_base(pack(*members))


@pytest.mark.parametrize(
  ('members', 'expected'),
  [
    pytest.param(MODEL[:1], 'received none', id='none'),
    pytest.param((*MODEL, file('net/checkpoint/ckpt-1.index')), 'received ckpt-0, ckpt-1', id='two'),
  ],
)
def test_an_archive_without_one_checkpoint_is_refused(pack, tmp_path, members, expected):
  with pytest.raises(ConfigError, match=expected):
    zoo.unpack_checkpoint(pack(*members), str(tmp_path / 'checkpoint'))


def test_a_digest_is_checked_where_it_is_given(pack):
  archive = pack(*MODEL)
  with open(archive, 'rb') as content:
    digest = hashlib.sha256(content.read()).hexdigest()

  assert zoo.verified(f'{archive}#sha256={digest.upper()}') == archive
  with pytest.raises(ConfigError, match=f'expected sha256 {"0" * 64}, received {digest}'):
    read_base(f'{archive}#sha256={"0" * 64}')


def test_a_web_address_is_refused():
  with pytest.raises(ConfigError, match='nothing is downloaded'):
    read_base('http://download.tensorflow.org/models/object_detection/tf2/20200711/net.tar.gz')
