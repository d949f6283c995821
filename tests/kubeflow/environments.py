"""Environments beside the project's own, for packages whose pins collide with it. Kept in the user's cache."""

import os
import pathlib
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).parents[2]


def python_with(name, *requirements):
  """The Python of an environment that has `requirements` (with versions); skips the test if it cannot be made."""
  cache = pathlib.Path(os.environ.get('XDG_CACHE_HOME', pathlib.Path.home() / '.cache')) / 'detection-pipeline'
  folder = cache / f'{name}-{"-".join(r.replace("==", "") for r in requirements)}'.replace('[', '-').replace(']', '')
  python, ready = folder / 'bin/python', folder / '.ready'
  if ready.exists():
    return str(python)
  uv = PROJECT / '.tools/bin/uv'
  if not uv.exists():
    pytest.skip('needs .tools/bin/uv, which `make test` installs, to make an environment of its own')
  for command in (
    [uv, 'venv', '--quiet', '--clear', '--python', sys.executable, folder],
    [uv, 'pip', 'install', '--quiet', '--python', python, *requirements],
  ):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
      reason = (done.stderr.strip().splitlines() or ['no reason given'])[-1]
      pytest.skip(f'needs {", ".join(requirements)} from the package index, which cannot be reached: {reason}')
  ready.touch()
  return str(python)
