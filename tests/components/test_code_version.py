"""A component's code is part of what its cached results depend on: its executor and all that this imports."""

import importlib
import pathlib
import shutil
import types

import pytest

from components import code_version

ROOT = pathlib.Path(code_version.__file__).parents[1]
EXECUTORS = sorted(path.parent.name for path in (ROOT / 'components').glob('*/executor.py'))


@pytest.fixture
def project(tmp_path, monkeypatch):
  """A project with one executor."""
  files = {
    'parts/__init__.py': '',
    'parts/executor.py': 'import json\nfrom parts import helper\n',
    'parts/helper.py': 'import parts.kinds\n\ndef late():\n  from parts.deep import thing\n',
    'parts/kinds/__init__.py': 'import pkgutil\nNAMES = [one.name for one in pkgutil.iter_modules(__path__)]\n',
    'parts/kinds/one.py': 'z = 1',
    'parts/deep/__init__.py': '',
    'parts/deep/thing.py': 'x = 1',
    'parts/deep/page.html': '<p>',
    'parts/deep/configs/base.config': 'model {}',
    'parts/deep/notes.txt': 'a note',
    'parts/stranger.py': 'y = 1',
  }
  for name, text in files.items():
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
  monkeypatch.setattr(code_version, 'ROOT', tmp_path)
  monkeypatch.setattr(code_version, 'PACKAGES', ('parts',))
  return tmp_path / 'parts', types.ModuleType('parts.executor')


@pytest.mark.parametrize(
  ('name', 'flips'),
  [
    pytest.param('executor.py', True, id='the executor'),
    pytest.param('helper.py', True, id='what it imports'),
    pytest.param('deep/thing.py', True, id='what that imports inside a function'),
    pytest.param('deep/__init__.py', True, id='the package around it'),
    pytest.param('kinds/one.py', True, id='a module that its package finds by itself'),
    pytest.param('kinds/another.py', True, id='a module added to such a package'),
    pytest.param('deep/page.html', True, id='a template beside it'),
    pytest.param('deep/configs/base.config', True, id='a folder of configs beside it'),
    pytest.param('deep/notes.txt', False, id='a note beside it'),
    pytest.param('stranger.py', False, id='a module that it does not import'),
  ],
)
def test_the_digest_changes_with_what_the_executor_runs(project, name, flips):
  folder, executor = project
  before = code_version.of(executor)
  (folder / name).write_text('changed = True')
  assert (code_version.of(executor) != before) is flips


@pytest.mark.parametrize('component', EXECUTORS)
def test_every_module_of_the_closure_flips_the_cache_and_no_other_does(tmp_path, monkeypatch, component):
  executor = importlib.import_module(f'components.{component}.executor')
  sources = dict(code_version.sources(executor.__name__))
  copied = {name: tmp_path / str(number) for number, name in enumerate(sources)}
  for name, path in copied.items():
    shutil.copy(sources[name], path)
  monkeypatch.setattr(code_version, 'sources', lambda module: sorted(copied.items()))
  before = code_version.of(executor)
  for name, path in copied.items():
    content = path.read_bytes()
    path.write_bytes(content + b'\n# changed\n')
    assert code_version.of(executor) != before, name
    path.write_bytes(content)
  assert code_version.of(executor) == before


@pytest.mark.parametrize(
  ('component', 'module'),
  [
    ('voc_example_gen', 'components.voc_example_gen.formats.coco'),
    ('voc_example_gen', 'components.voc_example_gen.splits.stratified'),
    ('config_patcher', 'detection.base.settings'),
    ('config_patcher', 'detection.base.files'),
    ('config_patcher', 'components.artifacts'),
    ('tuner', 'detection.report.page'),
    ('tuner', 'detection.base.settings'),
    ('crop_classifier', 'detection.pipeline_config.builtin_bases'),
    ('model_exporter', 'detection.inference.tflite_model'),
    ('model_exporter', 'detection.inference.onnx_model'),
  ],
)
def test_what_hand_kept_lists_once_missed_is_in(component, module):
  assert module in dict(code_version.sources(f'components.{component}.executor'))


def test_data_files_of_one_name_in_two_folders_both_count(project):
  folder, executor = project
  (folder / 'page.html').write_text('<p>')
  names = [path for _, path in code_version.sources(executor.__name__) if path.name == 'page.html']
  assert sorted(names) == [folder / 'deep/page.html', folder / 'page.html']


def test_what_a_component_does_not_run_is_out():
  names = dict(code_version.sources('components.label_map_gen.executor'))
  assert not any(name.startswith(('detection.training', 'pipeline', 'cli')) for name in names)
