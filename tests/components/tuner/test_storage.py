import optuna
import pytest

from components.tuner import storage
from detection.base.errors import ConfigError
from tests.support.searches import settings


def test_the_study_is_a_journal_in_the_work_folder_unless_a_database_is_named(tmp_path):
  work = str(tmp_path / 'training' / 'abc')

  with storage.study_location(settings(), work, node_count=2) as journal:
    assert (journal.storage, journal.name) == (f'{work}/study.journal', 'abc')
  with storage.study_location(settings(storage='sqlite:///x.db'), work, node_count=2) as database:
    assert (database.storage, database.name) == ('sqlite:///x.db', 'abc')


def test_several_machines_and_an_object_store_need_a_database():
  with (
    pytest.raises(ConfigError, match=r'^tune\.storage: 2 machines cannot share a study in s3://b/w\. Expected the URL'),
    storage.study_location(settings(), 's3://b/w', node_count=2),
  ):
    pass


@pytest.mark.parametrize(
  ('url', 'expected'),
  [
    pytest.param('mysql+nosuch://u:secret@host/name', "Can't load plugin", id='no such driver'),
    pytest.param('sqlite:////nowhere/at/all.db', 'unable to open database file', id='a database out of reach'),
    pytest.param('a secret://', 'Could not parse', id='no URL'),
  ],
)
def test_a_database_that_does_not_open_is_one_line_that_tells_no_password(url, expected):
  with pytest.raises(ConfigError, match=rf'^tune\.storage: the database does not open: .*{expected}') as caught:
    storage.open_storage(url)

  assert '\n' not in str(caught.value)
  assert 'secret' not in str(caught.value)


def test_a_url_may_name_what_is_in_the_environment(tmp_path, monkeypatch):
  monkeypatch.setenv('DATABASE', f'{tmp_path}/study.db')

  optuna.create_study(storage=storage.open_storage('sqlite:///$DATABASE'), study_name='search')

  assert (tmp_path / 'study.db').exists()


def test_a_copy_of_a_journal_ends_with_a_whole_line(tmp_path):
  (tmp_path / 'journal').write_bytes(b'{"op": 1}\n{"op": 2}\n{"op"')

  storage._copy_whole_lines(str(tmp_path / 'journal'), str(tmp_path / 'copy'))

  assert (tmp_path / 'copy').read_bytes() == b'{"op": 1}\n{"op": 2}\n'
