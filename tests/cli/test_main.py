"""The command's surface: what answers at once, and how it ends."""

import gc
import subprocess
import sys

import pytest

import cli
from cli import main, models
from detection.base.errors import ConfigError, DataError


def test_help_and_usage_errors_answer_without_the_heavy_libraries():
  """`--help` imports every command."""
  code = """
import sys
from cli import main
for argv in (['--help'], ['run', '--help'], ['rnu'], ['run']):
  try:
    main.main(argv)
  except SystemExit as end:
    print(end.code)
heavy = {'tensorflow', 'tfx', 'apache_beam', 'kfp', 'object_detection', 'numpy'} & set(sys.modules)
print('heavy:', sorted(heavy))
"""
  done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
  assert [line for line in done.stdout.splitlines() if line in ('0', '1', '2')] == ['0', '0', '2', '2']
  assert done.stdout.splitlines()[-1] == 'heavy: []'


def test_every_file_of_the_folder_is_a_command_and_help_lists_them_in_the_order_of_work():
  assert list(main.commands()) == [
    *('sample-data', 'check-data', 'models'),
    *('run', 'compile', 'emulate', 'submit', 'compare', 'tensorboard'),
    *('predict', 'serve-check', 'label-next', 'label-studio', 'cvat-function', 'rollback', 'drift', 'refit'),
  ]


def test_a_file_added_to_the_folder_is_a_command_and_comes_last(tmp_path, monkeypatch, capsys):
  (tmp_path / 'say_hello.py').write_text(HELLO)
  monkeypatch.setattr(main, '__file__', str(tmp_path / 'main.py'))
  monkeypatch.setattr(cli, '__path__', [*cli.__path__, str(tmp_path)])
  (tmp_path / 'models.py').touch()
  assert list(main.commands()) == ['models', 'say-hello']
  assert main.main(['say-hello', '--to', 'you']) == 7
  assert capsys.readouterr().out == 'hello you\n'


HELLO = """
HELP = 'says hello'
def add_arguments(parser):
  parser.add_argument('--to')
def run(args):
  print('hello', args.to)
  return 7
"""


@pytest.mark.parametrize(('error', 'status'), [(ConfigError('name: wrong.'), 2), (DataError('a.xml: empty.'), 1)])
def test_a_users_mistake_is_one_line_and_its_status(monkeypatch, capsys, error, status):
  def fail(_):
    raise error

  monkeypatch.setattr(models, 'run', fail)
  assert main.main(['models']) == status
  assert capsys.readouterr().err == f'detection-pipeline models: {error}\n'


def test_a_bug_keeps_its_traceback(monkeypatch):
  def fail(_):
    raise ZeroDivisionError

  monkeypatch.setattr(models, 'run', fail)
  with pytest.raises(ZeroDivisionError):
    main.main(['models'])


def test_an_interrupt_is_said_in_one_line(monkeypatch, capsys):
  def fail(_):
    raise KeyboardInterrupt

  monkeypatch.setattr(models, 'run', fail)
  assert main.main(['models']) == 130
  assert capsys.readouterr().err == 'detection-pipeline models: interrupted\n'


def test_a_reader_that_has_enough_is_no_error():
  command = f'{sys.executable} -m cli.main models | head -1; exit ${{PIPESTATUS[0]}}'
  done = subprocess.run(['bash', '-c', command], capture_output=True, text=True, check=False)
  assert (done.returncode, done.stderr) == (0, '')


def test_what_is_imported_is_not_searched_for_garbage_again_and_again():
  before = gc.get_threshold()
  try:
    with pytest.raises(SystemExit):
      main.main(['run'])
    assert gc.get_threshold()[0] > 10_000
  finally:
    gc.set_threshold(*before)
