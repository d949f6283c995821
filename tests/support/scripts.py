"""Programs of the project that are no modules of a package."""

import importlib.util
import pathlib

from tests.support.environments import PROJECT


def load(path):
  """The module in a file, such as tools/bootstrap.py."""
  spec = importlib.util.spec_from_file_location(pathlib.PurePath(path).stem, PROJECT / path)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module
