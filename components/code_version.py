"""A digest of the code behind a component, kept in its exec properties so that changed code is never served stale.

The digest covers the executor's module and all that it imports within the project, directly or not, imports inside
functions included; every module of a package whose __init__ imports pkgutil, since such a package loads them all; and
the templates and base configs beside these modules. Files are read, no module is imported.
"""

import ast
import functools
import hashlib
import pathlib
import types

PACKAGES = ('detection', 'components', 'pipeline', 'kubeflow', 'cli')
ROOT = pathlib.Path(__file__).parents[1]  # the folder of the packages
_DATA = ('.html', '.config', '.yaml')


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


def sources(module: str) -> list[tuple[str, pathlib.Path]]:
  """The files that the digest of a module covers.

  Args:
    module: its dotted name.

  Returns:
    [(name, file)] by name: dotted names of modules, and paths below ROOT of data files.
  """
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
  data = {str(path.relative_to(ROOT)): path for folder in folders for path in _data_in(folder)}
  return sorted({**found, **data}.items())


def _imports(path: pathlib.Path) -> list[str]:
  """The names in import statements that begin with a package of the project."""
  return [name for name in _imported(path) if name.split('.')[0] in PACKAGES]


def _discovered(name: str, path: pathlib.Path) -> list[str]:
  """The modules of the package `name`, if its __init__ loads whatever modules there are."""
  if path.name != '__init__.py' or 'pkgutil' not in _imported(path):
    return []
  return [f'{name}.{module.stem}' for module in sorted(path.parent.glob('*.py')) if module != path]


def _imported(path: pathlib.Path) -> tuple[str, ...]:
  """The dotted names in the file's import statements; for `from a import b`, both a and a.b."""
  return _imported_at(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _imported_at(path: pathlib.Path, changed: int) -> tuple[str, ...]:
  """The same. changed: the file's time of change, so that a changed file is read again."""
  # The names are kept and not the tree: trees of all modules are so many objects that garbage collection takes long.
  names: list[str] = []
  for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
    if isinstance(node, ast.ImportFrom) and node.module:
      names += [node.module, *(f'{node.module}.{alias.name}' for alias in node.names)]
    elif isinstance(node, ast.Import):
      names += [alias.name for alias in node.names]
  return tuple(names)


def _file_of(module: str) -> pathlib.Path | None:
  """The module's file; None if the name is that of a class or function in a module."""
  path = ROOT.joinpath(*module.split('.'))
  return next((file for file in (path / '__init__.py', path.with_name(f'{path.name}.py')) if file.is_file()), None)


def _data_in(folder: pathlib.Path) -> list[pathlib.Path]:
  """Templates and configs beside the modules, or in a folder of theirs that holds no module."""
  inner = [path for path in folder.iterdir() if path.is_dir() and not any(path.glob('*.py'))]
  return [path for place in (folder, *inner) for path in place.iterdir() if path.suffix in _DATA]
