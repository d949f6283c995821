"""The house's one rule, read from the source: detection <- components <- pipeline <- kubeflow <- cli.

An arrow never runs back, and no component imports another.
"""

import ast
import pathlib

import pytest

from components import code_version

ROOT = pathlib.Path(__file__).parents[1]
FLOORS = ('detection', 'components', 'pipeline', 'kubeflow', 'cli')


def imports(folder):
  """[(file, imported name)] of every import statement below a folder, functions' own ones too."""
  found = []
  for path in sorted((ROOT / folder).rglob('*.py')):
    for node in ast.walk(ast.parse(path.read_text())):
      if isinstance(node, ast.ImportFrom):
        found += [(path.relative_to(ROOT), f'{node.module}.{name.name}') for name in node.names]
      elif isinstance(node, ast.Import):
        found += [(path.relative_to(ROOT), name.name) for name in node.names]
  assert found
  return found


def offences(folder, *packages):
  return [(str(path), name) for path, name in imports(folder) if name.split('.')[0] in packages]


@pytest.mark.parametrize('floor', FLOORS)
def test_a_floor_knows_nothing_of_those_above(floor):
  assert offences(floor, *FLOORS[FLOORS.index(floor) + 1 :]) == []


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
  modules = {module_of(path): path for floor in FLOORS for path in (ROOT / floor).rglob('*.py')}
  edges = {name: top_level_imports(path) & set(modules) - {name} for name, path in modules.items()}
  done: set[str] = set()

  def visit(name, trail):
    assert name not in trail, ' -> '.join([*trail[trail.index(name) :], name])
    if name not in done:
      for other in sorted(edges[name]):
        visit(other, [*trail, name])
      done.add(name)

  for name in sorted(modules):
    visit(name, [])


def top_level_imports(path):
  """What a module imports when it is loaded, as dotted names of modules; a package stands for its __init__ alone."""
  names = set()
  for node in ast.parse(path.read_text()).body:
    if isinstance(node, ast.ImportFrom) and node.module:
      names |= {node.module, *(f'{node.module}.{alias.name}' for alias in node.names)}
    elif isinstance(node, ast.Import):
      names |= {alias.name for alias in node.names}
  return {name for name in names if name.split('.')[0] in FLOORS}


def module_of(path):
  return '.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__')


def test_the_code_version_knows_every_floor():
  assert code_version.PACKAGES == FLOORS
