"""Which of the two stacks `make` installs. The environments themselves are made by `make`, before any test."""

import pytest

from tests.support import scripts


@pytest.fixture
def bootstrap():
  return scripts.load('tools/bootstrap.py')


@pytest.mark.parametrize(
  ('wanted', 'hindrance', 'stack', 'why'),
  [
    pytest.param('', '', 'current', 'this host can import ml-metadata and tensorflow-data-validation', id='it can'),
    pytest.param('', 'no build', 'legacy', 'the current one cannot run here: no build', id='it cannot'),
    pytest.param('legacy', '', 'legacy', 'chosen by STACK', id='legacy by hand'),
    pytest.param('current', '', 'current', 'chosen by STACK', id='current by hand'),
  ],
)
def test_the_stack_is_the_one_asked_for_or_the_first_that_runs(bootstrap, monkeypatch, wanted, hindrance, stack, why):
  monkeypatch.setattr(bootstrap, 'why_not_current', lambda uv: hindrance)
  assert bootstrap.choose_stack('uv', wanted) == (stack, why)


@pytest.mark.parametrize(
  ('wanted', 'message'),
  [
    ('current', 'bootstrap: STACK=current: no build. Take STACK=legacy, or make test-current.'),
    ('newest', 'bootstrap: STACK: expected current or legacy, received "newest".'),
  ],
)
def test_what_cannot_be_is_refused_in_one_line(bootstrap, monkeypatch, wanted, message):
  monkeypatch.setattr(bootstrap, 'why_not_current', lambda uv: 'no build')
  with pytest.raises(SystemExit) as refused:
    bootstrap.choose_stack('uv', wanted)
  assert str(refused.value) == message


@pytest.mark.parametrize(
  ('fails', 'said', 'hindrance'),
  [
    pytest.param(
      'install',
      'Because ml-metadata==1.21.0 has no wheels with a matching platform tag (e.g., `manylinux_2_36_x86_64`)\n\nhint',
      'no build for manylinux_2_36_x86_64',
      id='no wheel for this C library',
    ),
    pytest.param(
      '-c',
      "Traceback ...\nImportError: libstdc++.so.6: version `CXXABI_1.3.15' not found",
      "ImportError: libstdc++.so.6: version `CXXABI_1.3.15' not found",
      id='an older C++ library',
    ),
    pytest.param('nothing', '', '', id='all can be imported'),
  ],
)
def test_what_is_critical_is_imported_to_find_out(bootstrap, monkeypatch, fails, said, hindrance):
  commands = []

  def output(command):
    commands.append(command)
    return said if fails in command else ''

  monkeypatch.setattr(bootstrap, 'find_python', lambda uv, version: 'python3.12')
  monkeypatch.setattr(bootstrap, 'output', output)
  found = bootstrap.why_not_current('uv')
  assert found.rpartition(': ')[2] in hindrance
  assert found.endswith(hindrance)
  installed = next(command for command in commands if 'install' in command)
  assert [word.partition('==')[0] for word in installed if '==' in word] == list(bootstrap.CRITICAL)


def test_a_command_that_succeeds_says_nothing_and_one_that_fails_says_why(bootstrap):
  assert bootstrap.output(['sh', '-c', 'echo fine']) == ''
  assert bootstrap.output(['sh', '-c', 'echo broken >&2; exit 3']) == 'broken'
  assert bootstrap.output(['sh', '-c', 'exit 3']) == 'exit status 3'
  assert 'no-such-program' in bootstrap.output(['no-such-program'])
