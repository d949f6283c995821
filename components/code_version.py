"""A digest of the code behind a component, kept in its exec properties so that changed code is never served stale.

What belongs to it is read from the source: the executor's module and all that it imports within the project, directly
or not, imports inside functions included; every module of a package whose __init__ imports pkgutil, since that loads
them all; and the templates and base configs that stand beside these modules.
"""

import ast
import functools
import hashlib
import importlib.util
import pathlib
import types

PACKAGES = ('detection', 'components', 'pipeline', 'kubeflow', 'cli')
_DATA = ('.html', '.config', '.yaml')
_Location = tuple[str, pathlib.Path]


def of(executor: types.ModuleType) -> str:
  """Digests the source of `executor` and of every module of the project that it imports.

  Returns:
    16 hex digits that change when any of these modules, or a data file in one of their folders, changes.
  """
  digest = hashlib.sha256()
  for name, path in sources(executor.__name__):
    digest.update(f'{name}\n'.encode())
    digest.update(path.read_bytes())
  return digest.hexdigest()[:16]


def sources(module: str) -> list[_Location]:
  """[(name, file)] of the module, of what it imports within the project, and of the data beside these; by name."""
  found: dict[str, pathlib.Path] = {}
  waiting = [module]
  while waiting:
    name = waiting.pop()
    path = _file_of(name)
    if name in found or path is None:
      continue
    found[name] = path
    waiting += _imports(path) + _discovered(name, path)
    waiting += [name.rpartition('.')[0]] if '.' in name else []  # a package's __init__ runs as well
  folders = {path.parent for path in found.values()}
  data = {'/'.join(path.parts[-3:]): path for folder in folders for path in _data_in(folder)}
  return sorted({**found, **data}.items())


def _imports(path: pathlib.Path) -> list[str]:
  """Dotted names of the project in import statements; for `from a import b`, both a and a.b."""
  return [name for name in _imported(path) if name.split('.')[0] in PACKAGES]


def _discovered(name: str, path: pathlib.Path) -> list[str]:
  """The modules of the package `name`, if its __init__ loads whatever modules there are."""
  if path.name != '__init__.py' or 'pkgutil' not in _imported(path):
    return []
  return [f'{name}.{module.stem}' for module in sorted(path.parent.glob('*.py')) if module != path]


def _imported(path: pathlib.Path) -> list[str]:
  """Every name in an import statement of the file."""
  names = []
  for node in ast.walk(_parsed(path, path.stat().st_mtime_ns)):
    if isinstance(node, ast.ImportFrom) and node.module:
      names += [node.module, *(f'{node.module}.{alias.name}' for alias in node.names)]
    elif isinstance(node, ast.Import):
      names += [alias.name for alias in node.names]
  return names


@functools.lru_cache(maxsize=512)
def _parsed(path: pathlib.Path, changed: int) -> ast.Module:
  return ast.parse(path.read_text(encoding='utf-8'))


@functools.lru_cache(maxsize=2048)
def _file_of(module: str) -> pathlib.Path | None:
  """The module's file; None if the name is that of a class or function in one."""
  try:
    spec = importlib.util.find_spec(module)
  except ModuleNotFoundError:  # its parent is no package
    return None
  return pathlib.Path(spec.origin) if spec and spec.origin else None


def _data_in(folder: pathlib.Path) -> list[pathlib.Path]:
  """Templates and configs beside the modules, or in a folder of theirs that holds no module."""
  inner = [path for path in folder.iterdir() if path.is_dir() and not any(path.glob('*.py'))]
  return [path for place in (folder, *inner) for path in place.iterdir() if path.suffix in _DATA]
