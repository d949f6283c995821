"""A component's code is part of what its cached results depend on."""

import pytest

from components import code_version


@pytest.fixture
def package(tmp_path, monkeypatch):
  monkeypatch.syspath_prepend(str(tmp_path))
  folder = tmp_path / 'versioned'
  folder.mkdir()
  for name, text in {'__init__.py': '', 'work.py': 'x = 1', 'page.html': '<p>', 'notes.txt': 'a note'}.items():
    (folder / name).write_text(text)
  return folder


@pytest.mark.parametrize(('name', 'changes'), [('work.py', True), ('page.html', True), ('notes.txt', False)])
def test_it_changes_with_what_the_component_does(package, name, changes):
  before = code_version.of('versioned')
  (package / name).write_text('changed')
  assert (code_version.of('versioned') != before) is changes


def test_a_module_alone_stands_for_its_own_file(package):
  before = code_version.of('versioned.work')
  (package / 'page.html').write_text('changed')
  assert code_version.of('versioned.work') == before


def test_a_module_that_does_not_exist_is_refused():
  with pytest.raises(ModuleNotFoundError, match='components.nothing'):
    code_version.of('components.nothing')
