"""Where there can be no Debian 13 root. Making one takes minutes: `make test-current` does."""

import pytest

from tests.support import scripts


@pytest.fixture
def debian13(monkeypatch, tmp_path):
  module = scripts.load('tools/debian13.py')
  monkeypatch.setattr(module, 'ROOT', str(tmp_path / 'root'))
  monkeypatch.setattr(module.sys, 'argv', ['debian13.py', 'true'])
  monkeypatch.setattr(module.os, 'geteuid', lambda: 0)
  monkeypatch.setattr(module, 'quiet', lambda command: 0)
  monkeypatch.setattr(module.shutil, 'which', lambda program: f'/usr/bin/{program}')
  return module


@pytest.mark.parametrize(
  ('missing', 'reason'),
  [
    pytest.param({'sys.platform': 'darwin'}, 'it needs Linux', id='another system'),
    pytest.param({'os.geteuid': lambda: 1000}, 'mounting and chroot need root', id='another user'),
    pytest.param({'quiet': lambda command: 1}, 'this host allows no namespaces (unshare --mount)', id='a container'),
    pytest.param(
      {'shutil.which': lambda program: None}, 'debootstrap is missing: apt-get install debootstrap', id='no tool'
    ),
  ],
)
def test_the_reason_is_one_line_and_the_status_says_unavailable(debian13, monkeypatch, capsys, missing, reason):
  for name, value in missing.items():
    owner, _, attribute = name.rpartition('.')
    monkeypatch.setattr(getattr(debian13, owner) if owner else debian13, attribute, value)
  assert debian13.main() == debian13.UNAVAILABLE == 69
  assert capsys.readouterr().err == f'debian13: no Debian 13 root here: {reason}\n'


def test_a_root_of_other_packages_is_not_taken(debian13):
  assert not debian13.is_made()
  for content, made in ((debian13.PACKAGES, True), ('fewer', False)):
    debian13.os.makedirs(debian13.ROOT, exist_ok=True)
    with open(f'{debian13.ROOT}/made-from', 'w') as mark:
      mark.write(content)
    assert debian13.is_made() is made
