"""The commands of kubeflow/, from the command line."""

import kubeflow_toy as toy
import pytest

from cli import main


@pytest.mark.parametrize(
  ('arguments', 'said'),
  [
    pytest.param(['emulate', '{file}', '--root', '{root}', '--param', 'x=1'], 'unknown key "x"', id='emulate'),
    pytest.param(['submit', '{file}', '--endpoint', 'kfp'], 'expected a URL', id='submit'),
    pytest.param(
      ['submit', '{file}', '--endpoint', 'http://kfp', '--token-file', '{root}/none'], 'No such file', id='no token'
    ),
    pytest.param(['emulate', 'nothing.yaml', '--root', '{root}'], 'No such file', id='no file'),
  ],
)
def test_a_mistake_is_one_line_and_status_2(compile_toy, tmp_path, capsys, arguments, said):
  names = {'file': compile_toy(toy.pipeline()), 'root': str(tmp_path / 'runs')}
  assert main.main([argument.format(**names) for argument in arguments]) == 2
  line = capsys.readouterr().err.strip().splitlines()[-1]
  assert line.startswith(f'detection-pipeline {arguments[0]}: ')
  assert said in line


def test_an_emulated_run_takes_from_the_cache_unless_told_not_to(compile_toy, tmp_path, capsys):
  path = toy.with_command(compile_toy(toy.pipeline(only_examples=True)), 'true')
  said = []
  for option in ([], [], ['--no-cache']):
    assert main.main(['emulate', path, '--root', str(tmp_path / 'runs'), '--oss', *option]) == 0
    said.append('cached' in capsys.readouterr().out)
  assert said == [False, True, False]
