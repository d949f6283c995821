"""`detection-pipeline emulate`, as a user calls it."""

import pytest

from cli import main
from kubeflow.compiler import kfp_v2
from kubeflow.settings import KubeflowConfig
from tests.support import kubeflow_toy as toy


@pytest.fixture
def compiled(tmp_path):
  """A compiled pipeline of one step, whose command does nothing."""
  path = str(tmp_path / 'pipeline.yaml')
  kfp_v2.compile_pipeline(toy.pipeline(only_examples=True), KubeflowConfig(), path)
  return toy.with_command(path, 'true')


@pytest.mark.parametrize(
  ('arguments', 'said'),
  [
    pytest.param(['{file}', '--param', 'x=1'], 'unknown key "x"', id='an unknown parameter'),
    pytest.param(['nothing.yaml'], 'No such file', id='no file'),
  ],
)
def test_a_mistake_is_one_line_and_status_2(compiled, tmp_path, capsys, arguments, said):
  words = [argument.format(file=compiled) for argument in arguments]
  assert main.main(['emulate', *words, '--root', str(tmp_path / 'runs')]) == 2
  line = capsys.readouterr().err.strip().splitlines()[-1]
  assert line.startswith('detection-pipeline emulate: ')
  assert said in line


def test_an_emulated_run_takes_from_the_cache_unless_told_not_to(compiled, tmp_path, capsys):
  said = []
  for option in ([], [], ['--no-cache']):
    assert main.main(['emulate', compiled, '--root', str(tmp_path / 'runs'), '--oss', *option]) == 0
    said.append('cached' in capsys.readouterr().out)
  assert said == [False, True, False]
