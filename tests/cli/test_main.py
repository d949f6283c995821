"""The command's surface: what answers at once, and how it ends."""

import subprocess
import sys

import pytest

from cli import main
from detection.base.errors import ConfigError, DataError


def test_help_and_usage_errors_answer_without_the_heavy_libraries():
  code = """
import sys
from cli import main as cli
for argv in (['--help'], ['run', '--help'], ['rnu'], ['run']):
  try:
    cli.main(argv)
  except SystemExit as end:
    print(end.code)
heavy = {'tensorflow', 'tfx', 'apache_beam', 'kfp', 'object_detection', 'numpy'} & set(sys.modules)
print('heavy:', sorted(heavy))
"""
  done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
  assert [line for line in done.stdout.splitlines() if line in ('0', '1', '2')] == ['0', '0', '2', '2']
  assert done.stdout.splitlines()[-1] == 'heavy: []'


@pytest.mark.parametrize(('error', 'status'), [(ConfigError('name: wrong.'), 2), (DataError('a.xml: empty.'), 1)])
def test_a_users_mistake_is_one_line_and_its_status(monkeypatch, capsys, error, status):
  def fail(_):
    raise error

  monkeypatch.setattr(main, '_models', fail)
  assert main.main(['models']) == status
  assert capsys.readouterr().err == f'detection-pipeline models: {error}\n'


def test_a_bug_keeps_its_traceback(monkeypatch):
  def fail(_):
    raise ZeroDivisionError

  monkeypatch.setattr(main, '_models', fail)
  with pytest.raises(ZeroDivisionError):
    main.main(['models'])


def test_an_interrupt_is_said_in_one_line(monkeypatch, capsys):
  def fail(_):
    raise KeyboardInterrupt

  monkeypatch.setattr(main, '_models', fail)
  assert main.main(['models']) == 130
  assert capsys.readouterr().err == 'detection-pipeline models: interrupted\n'


def test_a_reader_that_has_enough_is_no_error():
  command = f'{sys.executable} -m cli.main models | head -1; exit ${{PIPESTATUS[0]}}'
  done = subprocess.run(['bash', '-c', command], capture_output=True, text=True, check=False)
  assert (done.returncode, done.stderr) == (0, '')
