import pytest

from detection.base.errors import ConfigError
from detection.pipeline_config import checkpoint


@pytest.fixture
def folder(tmp_path):
  for step in (9, 10):
    (tmp_path / f'ckpt-{step}.index').write_bytes(b'index of %d' % step)
    (tmp_path / f'ckpt-{step}.data-00000-of-00001').write_bytes(b'data')
  return tmp_path


@pytest.mark.parametrize('name', ['ckpt-9', 'ckpt-9.index', 'ckpt-9.data-00000-of-00001'])
def test_a_prefix_or_any_of_its_files_names_the_checkpoint(folder, name):
  assert checkpoint.find(f'{folder}/{name}') == f'{folder}/ckpt-9'


def test_a_folder_names_its_checkpoint_with_the_highest_step(folder):
  assert checkpoint.find(str(folder)) == f'{folder}/ckpt-10'


def test_a_zoo_folder_keeps_its_checkpoint_one_level_down(folder, tmp_path_factory):
  zoo = tmp_path_factory.mktemp('zoo')
  folder.rename(zoo / 'checkpoint')

  assert checkpoint.find(str(zoo)) == f'{zoo}/checkpoint/ckpt-10'


@pytest.mark.parametrize('name', ['ckpt-11', 'nowhere/ckpt-0', ''])
def test_a_dead_path_is_refused_by_name(folder, name):
  (folder / 'empty').mkdir()

  with pytest.raises(ConfigError, match='model.checkpoint: '):
    checkpoint.find(f'{folder}/{name}' if name else f'{folder}/empty')


def test_a_checkpoint_without_its_data_is_refused(folder):
  (folder / 'ckpt-10.data-00000-of-00001').unlink()

  with pytest.raises(ConfigError, match=r'ckpt-10\.data'):
    checkpoint.find(f'{folder}/ckpt-10')


def test_the_fingerprint_follows_the_content(folder):
  assert checkpoint.fingerprint(f'{folder}/ckpt-9') != checkpoint.fingerprint(f'{folder}/ckpt-10')
