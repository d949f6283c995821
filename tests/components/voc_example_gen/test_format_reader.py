"""Adding a format is adding one file."""

import pathlib
import sys

import pytest

from components.voc_example_gen import formats

FILE = """
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.format_reader import Reader

READER = Reader('via', preference=2.5, expected='files', find=lambda tree: DatasetIndex('via', ()))
"""


@pytest.fixture
def discover(tmp_path, monkeypatch):
  """Writes a file beside those of the package, and runs the discovery again."""

  def run(name, text):
    (tmp_path / f'{name}.py').write_text(text)
    monkeypatch.setattr(formats, '__path__', [*formats.__path__, str(tmp_path)])
    namespace = {'__name__': formats.__name__, '__path__': formats.__path__}
    exec(pathlib.Path(formats.__file__).read_text(), namespace)
    monkeypatch.delitem(sys.modules, f'{formats.__name__}.{name}')
    monkeypatch.delattr(formats, name)
    return list(namespace['READERS'])

  return run


def test_a_file_added_is_a_format_in_its_order_of_preference(discover):
  assert discover('via', FILE) == ['voc', 'coco', 'via', 'yolo', 'csv', 'images']


def test_formats_in_their_order_of_preference():
  assert list(formats.READERS) == ['voc', 'coco', 'yolo', 'csv', 'images']
