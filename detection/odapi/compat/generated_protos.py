"""The OD API's message types were generated for protobuf 3; protobuf 4 and later refuse to run those modules.

Each of the 34 modules holds the serialized descriptor of its .proto file. When a module is imported, classes are built
from it by protobuf's own builder, as the modules that protoc 3.20 and later writes do. `detection.odapi` applies this.
"""

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Sequence

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('protobuf', since='4')

_PACKAGE = 'object_detection.protos.'


def apply() -> None:
  if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
    sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
  """Finds the generated modules where they are, and has them loaded from their descriptors."""

  def find_spec(
    self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
  ) -> importlib.machinery.ModuleSpec | None:
    if not (fullname.startswith(_PACKAGE) and fullname.endswith('_pb2')):
      return None
    spec = importlib.machinery.PathFinder.find_spec(fullname, path)
    if spec is None or spec.origin is None:
      return spec
    return importlib.util.spec_from_file_location(fullname, spec.origin, loader=_Loader(fullname, spec.origin))


class _Loader(importlib.machinery.SourceFileLoader):
  """Makes a module of the classes of its descriptor; nothing of its source is run."""

  def exec_module(self, module: types.ModuleType) -> None:
    from google.protobuf import descriptor_pb2, descriptor_pool
    from google.protobuf.internal import builder

    serialized = _descriptor(self.get_source(module.__name__), module.__name__)
    for needed in descriptor_pb2.FileDescriptorProto.FromString(serialized).dependency:
      importlib.import_module(needed.removesuffix('.proto').replace('/', '.') + '_pb2')
    names = vars(module)
    names['DESCRIPTOR'] = descriptor_pool.Default().AddSerializedFile(serialized)
    builder.BuildMessageAndEnumDescriptors(names['DESCRIPTOR'], names)
    builder.BuildTopDescriptorsAndMessages(names['DESCRIPTOR'], module.__name__, names)


def _descriptor(source: str | None, name: str) -> bytes:
  """The FileDescriptorProto in the source of a generated module."""
  for node in ast.walk(ast.parse(source or '')):
    if isinstance(node, ast.keyword) and node.arg == 'serialized_pb':
      return ast.literal_eval(node.value)
  raise ImportError(f'{name}: expected a serialized descriptor in the generated module, found none')
