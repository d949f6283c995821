"""The house's one rule, read from the source: detection <- components <- pipeline <- kubeflow <- cli.

An arrow never runs back, and no component imports another.
"""

import ast
import collections
import functools
import importlib.metadata
import pathlib
import re
import runpy
import sys
from typing import NamedTuple

import pytest
import setuptools
from packaging import requirements, utils

from components import code_version

ROOT = pathlib.Path(__file__).parents[1]
FLOORS = ('detection', 'components', 'pipeline', 'kubeflow', 'cli')
MOST_LINES, MOST_FUNCTION_LINES = 300, 50
NAMED_OTHERWISE = {'mlflow': 'mlflow-skinny'}  # distributions that no stack installs
DOCS = sorted((ROOT / 'docs').glob('*.md'))


def python_files(*folders):
  return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob('*.py'))


ALL_FILES = python_files(*FLOORS, 'tests', 'benchmarks', 'tools')


class Facts(NamedTuple):
  """What is looked at in a file: imported names, functions' own ones too; {function: lines}; the imports on top."""

  imports: list[str]
  functions: dict[str, int]
  top: set[str]


@functools.cache
def facts_of(path):
  tree = ast.parse((ROOT / path).read_text())
  functions, found = {}, []
  for node in ast.walk(tree):
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
      functions[node.name] = max(functions.get(node.name, 0), node.end_lineno - node.lineno + 1)
    elif isinstance(node, ast.ImportFrom):
      found += [f'{node.module}.{name.name}' for name in node.names]
    elif isinstance(node, ast.Import):
      found += [name.name for name in node.names]
  return Facts(found, functions, set(top_level_imports(tree)))


def has_behaviour(path):
  """Whether there is a function or method in it; all modules of the library count."""
  if path.name == '__init__.py':
    return False
  return path.parts[0] == 'detection' or bool(facts_of(path).functions)


def imports(folder):
  """[(file, imported name)] of every import statement below a folder, functions' own ones too."""
  found = [(path, name) for path in python_files(folder) for name in facts_of(path).imports]
  assert found
  return found


def offences(folder, *packages):
  return [(str(path), name) for path, name in imports(folder) if name.split('.')[0] in packages]


@pytest.mark.parametrize('floor', FLOORS)
def test_a_floor_knows_nothing_of_those_above(floor):
  assert offences(floor, *FLOORS[FLOORS.index(floor) + 1 :]) == []


@functools.cache
def installed():
  """{file of a package, or a module: distributions that have it}.

  importlib.metadata.packages_distributions() of Python 3.10 knows those alone that have a top_level.txt.
  """
  found = collections.defaultdict(set)
  for distribution in importlib.metadata.distributions():
    name = utils.canonicalize_name(distribution.metadata['Name'])
    for row in (distribution.read_text('RECORD') or '').splitlines():
      found[row.partition(',')[0]].add(name)
  return found


def distributions_of(name):
  """Those that an import comes from; of one that is not here, by its own name. A namespace (google) has no file."""
  parts = name.split('.')
  for length in range(1, len(parts) + 1):
    path = '/'.join(parts[:length])
    if found := installed().get(f'{path}/__init__.py', set()) | installed().get(f'{path}.py', set()):
      return found, True
  return {utils.canonicalize_name(NAMED_OTHERWISE.get(parts[0], parts[0]))}, False


def test_what_is_imported_is_declared_in_setup_py(monkeypatch):
  """Not only brought by another package. What is installed here is declared for this Python, the rest for another."""
  told = {}
  monkeypatch.setattr(setuptools, 'setup', lambda **words: told.update(words))
  runpy.run_path(str(ROOT / 'setup.py'))
  declared = [requirements.Requirement(row) for row in told['install_requires'] + told['extras_require']['mlflow']]
  here = {utils.canonicalize_name(row.name) for row in declared if not row.marker or row.marker.evaluate()}
  anywhere = {utils.canonicalize_name(row.name) for row in declared}
  ours = {*FLOORS, *sys.stdlib_module_names}
  missing = collections.defaultdict(set)
  for path, name in (row for floor in FLOORS for row in imports(floor) if row[1].split('.')[0] not in ours):
    distributions, is_here = distributions_of(name)
    if not distributions & (here if is_here else anywhere):
      missing[' or '.join(sorted(distributions))].add(str(path))
  assert dict(missing) == {}


def test_the_library_knows_nothing_of_pipelines():
  assert offences('detection', 'tfx', 'kfp', 'apache_beam', 'ml_metadata') == []


def test_the_od_api_is_reached_through_one_door():
  doors = {path.rpartition('/')[0] for floor in FLOORS for path, _ in offences(floor, 'object_detection', 'tf_slim')}
  assert {folder.split('/')[1] for folder in doors} == {'odapi'}


def test_no_component_imports_another():
  components = {path.parent.name for path in (ROOT / 'components').glob('*/component.py')}
  assert len(components) >= 9
  for path, name in imports('components'):
    other = name.split('.')[1] if name.startswith('components.') else ''
    assert other not in components - {path.parts[1]}, f'{path} imports {name}'


def test_no_modules_import_each_other_in_a_circle():
  modules = {module_of(path): path for path in python_files(*FLOORS)}
  edges = {name: facts_of(path).top & set(modules) - {name} for name, path in modules.items()}
  done: set[str] = set()

  def visit(name, trail):
    assert name not in trail, ' -> '.join([*trail[trail.index(name) :], name])
    if name not in done:
      for other in sorted(edges[name]):
        visit(other, [*trail, name])
      done.add(name)

  for name in sorted(modules):
    visit(name, [])


def top_level_imports(tree):
  """What a module imports when it is loaded, as dotted names of modules; a package stands for its __init__ alone."""
  names = set()
  for node in tree.body:
    if isinstance(node, ast.ImportFrom) and node.module:
      names |= {node.module, *(f'{node.module}.{alias.name}' for alias in node.names)}
    elif isinstance(node, ast.Import):
      names |= {alias.name for alias in node.names}
  return {name for name in names if name.split('.')[0] in FLOORS}


def module_of(path):
  return '.'.join(path.with_suffix('').parts).removesuffix('.__init__')


def test_the_code_version_knows_every_floor():
  assert code_version.PACKAGES == FLOORS


# Each of the following looks at all files in one test: a test of its own for each of a thousand takes longer to report.
def test_a_file_fits_in_the_head():
  lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in ALL_FILES}
  assert {path: number for path, number in lines.items() if number > MOST_LINES} == {}


def test_a_function_fits_on_a_page():
  long = {
    f'{path}: {name}': lines
    for path in ALL_FILES
    for name, lines in facts_of(path).functions.items()
    if lines > MOST_FUNCTION_LINES
  }
  assert long == {}


def test_a_module_has_its_test_at_the_same_place():
  modules = [path for path in python_files(*FLOORS) if has_behaviour(path)]
  assert len(modules) > 300
  assert [str(path) for path in modules if not (ROOT / 'tests' / path.parent / f'test_{path.name}').exists()] == []


def test_no_test_imports_another_test_or_a_benchmark():
  for path, name in imports('tests'):
    parts = name.split('.')
    assert parts[0] != 'benchmarks', f'{path} imports {name}'
    assert parts[0] != 'tests' or parts[1] == 'support', f'{path} imports {name}'


@pytest.mark.parametrize('page', ['README.md', 'CONTRIBUTING.md', *(f'docs/{path.name}' for path in DOCS)])
def test_the_paths_that_a_page_names_exist(page):
  named = re.findall(
    r'`((?:detection|components|pipeline|kubeflow|cli|benchmarks|tests|docs|configs)/[\w./-]*)`',
    (ROOT / page).read_text(),
  )
  assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
  'page',
  [
    'README.md',
    'CONTRIBUTING.md',
    'benchmarks/README.md',
    'kubeflow/README.md',
    *(f'docs/{path.name}' for path in DOCS),
  ],
)
def test_the_links_of_a_page_lead_somewhere(page):
  links = re.findall(r'\]\((?!https?:)([^)#\s]+)', (ROOT / page).read_text())
  assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []
