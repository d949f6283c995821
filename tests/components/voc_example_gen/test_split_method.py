"""Adding a split method is adding one file."""

import pathlib
import sys

import pytest

from components.voc_example_gen import splits

FILE = """
from components.voc_example_gen.split_method import ComputedMethod

METHOD = ComputedMethod('by_day', preference=None, divide=lambda *arguments: ({}, []))
"""


@pytest.fixture
def discover(tmp_path, monkeypatch):
  """Writes a file beside those of the package, and runs the discovery again."""

  def run(name, text):
    (tmp_path / f'{name}.py').write_text(text)
    monkeypatch.setattr(splits, '__path__', [*splits.__path__, str(tmp_path)])
    namespace = {'__name__': splits.__name__, '__path__': splits.__path__}
    exec(pathlib.Path(splits.__file__).read_text(), namespace)
    monkeypatch.delitem(sys.modules, f'{splits.__name__}.{name}')
    monkeypatch.delattr(splits, name)
    return list(namespace['METHODS'])

  return run


def test_a_file_added_is_a_method(discover):
  assert discover('by_day', FILE) == ['imagesets', 'declared', 'folders', 'hash', 'by_day', 'stratified']


def test_methods_begin_with_those_that_auto_tries_in_its_order():
  assert list(splits.METHODS) == ['imagesets', 'declared', 'folders', 'hash', 'stratified']
