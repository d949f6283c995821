"""`detection-pipeline submit`, as a user calls it. The requests that it makes are tested in tests/kubeflow."""

import pytest

from cli import main
from kubeflow import submit


@pytest.mark.parametrize(
  ('options', 'said'),
  [
    pytest.param(['--endpoint', 'kfp'], 'expected a URL', id='no URL'),
    pytest.param(['--endpoint', 'http://kfp', '--token-file', 'none'], 'none: cannot be read: No such', id='no token'),
  ],
)
def test_a_mistake_is_one_line_and_status_2(capsys, options, said):
  assert main.main(['submit', 'compiled.yaml', *options]) == 2
  line = capsys.readouterr().err.strip().splitlines()[-1]
  assert line.startswith('detection-pipeline submit: ')
  assert said in line


@pytest.mark.parametrize(('succeeds', 'status'), [(True, 0), (False, 1)])
def test_the_flags_reach_the_server_and_the_runs_end_is_the_status(monkeypatch, succeeds, status):
  given = []
  monkeypatch.setattr(submit, 'submit', lambda *arguments: given.append(arguments) or succeeds)
  flags = ['--param', 'a=1', '--experiment', 'e', '--run-name', 'r', '--pipeline-root', 's3://b', '--no-wait']
  assert main.main(['submit', 'compiled.yaml', '--endpoint', 'http://kfp', *flags]) == status
  ((path, server, parameters, options),) = given
  assert (path, parameters) == ('compiled.yaml', ['a=1'])
  assert isinstance(server, submit.Server)
  assert options == submit.Options('s3://b', 'e', 'r', wait=False)
