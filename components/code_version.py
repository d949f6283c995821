"""A digest of a component's source, kept in its exec properties so that changed code is never served from the cache."""

import hashlib
import importlib.util
import pathlib


def of(*modules: str) -> str:
  """Digests the source files of packages and modules, named as imported: `of('components.trainer', ...)`.

  Returns:
    16 hex digits that change when any .py, .config or .html file below them changes.
  """
  digest = hashlib.sha256()
  for module in sorted(modules):
    for path in _sources(module):
      digest.update(f'{module}/{path.name}\n'.encode())
      digest.update(path.read_bytes())
  return digest.hexdigest()[:16]


def _sources(module: str) -> list[pathlib.Path]:
  spec = importlib.util.find_spec(module)
  if spec is None or spec.origin is None:
    raise ModuleNotFoundError(module)
  origin = pathlib.Path(spec.origin)
  if origin.name != '__init__.py':
    return [origin]
  return sorted(p for p in origin.parent.rglob('*') if p.suffix in ('.py', '.config', '.html', '.j2'))
