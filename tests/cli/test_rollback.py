"""`detection-pipeline rollback`, as a user calls it."""

from cli import main


def test_rollback_takes_back_the_newest_version(tmp_path, capsys):
  for version in ('1', '2'):
    (tmp_path / version).mkdir()
    (tmp_path / version / 'saved_model.pb').touch()
  assert main.main(['rollback', str(tmp_path)]) == 0
  assert 'version 2 taken back; 1 is the highest now' in capsys.readouterr().out
  assert main.main(['rollback', str(tmp_path)]) == 2
  assert 'Expected two or more' in capsys.readouterr().err
