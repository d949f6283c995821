"""Who may import whom: the house rules, read from the source."""

import ast
import importlib
import pathlib

ROOT = pathlib.Path(__file__).parents[1]


def imports(folder):
  """[(file, imported module or name)] of every import statement below a folder, functions' own ones too."""
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


def test_components_know_nothing_of_pipelines_and_runners():
  assert offences('components', 'pipeline', 'kubeflow') == []


def test_the_pipeline_knows_nothing_of_kubeflow_but_for_its_command_line():
  assert {path for path, _ in offences('pipeline', 'kubeflow')} == {'pipeline/cli.py'}


def test_the_od_api_is_reached_through_one_door():
  doors = [
    path for folder in ('components', 'pipeline', 'kubeflow') for path, _ in offences(folder, 'object_detection')
  ]
  assert {pathlib.Path(path).parts[:2] for path in doors} == {('components', 'odapi')}


def test_engine_and_metrics_know_nothing_of_tfx():
  assert offences('components/odapi', 'tfx') == offences('components/metrics', 'tfx') == []


def test_a_component_uses_of_another_what_that_one_offers():
  borrowed = set()
  for path, name in imports('components'):
    package, _, module = name.removeprefix('components.').partition('.')
    module = module.split('.')[0]
    is_others = path.parts[1] != package and (ROOT / 'components' / package / 'component.py').exists()
    if name.startswith('components.') and is_others:
      offered = importlib.import_module(f'components.{package}').PUBLIC
      assert module in offered, f'{path} imports {name}; components.{package} offers {", ".join(offered)}'
      borrowed.add((package, module))
  for package in {package for package, _ in borrowed}:
    offered = importlib.import_module(f'components.{package}').PUBLIC
    assert {module for lender, module in borrowed if lender == package} == set(offered), package
