"""Environments beside the project's own, for packages whose pins collide with it. Kept in this checkout's .tools."""

import fcntl
import pathlib
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).parents[2]


def python_with(name, *requirements):
  """The Python of an environment that has `requirements` (with versions); skips the test if it cannot be made."""
  uv = PROJECT / '.tools/bin/uv'
  if not uv.exists():
    pytest.skip('needs .tools/bin/uv, which `make test` installs, to make an environment of its own')
  # Within the checkout: an environment's Python is a link to that of .venv, and dangles where it outlives it.
  folder = PROJECT / '.tools/environments' / f'{name}-{"-".join(r.replace("==", "") for r in requirements)}'
  folder.parent.mkdir(exist_ok=True)
  # Tests run in several processes: one makes the environment, the others wait for it.
  with open(folder.with_name(f'{folder.name}.lock'), 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    return str(_made(uv, folder, requirements))


def _made(uv, folder, requirements):
  python, ready = folder / 'bin/python', folder / '.ready'
  if ready.exists() and python.exists():
    return python
  for command in (
    [uv, 'venv', '--quiet', '--clear', '--python', sys.executable, folder],
    [uv, 'pip', 'install', '--quiet', '--python', python, *requirements],
  ):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
      reason = (done.stderr.strip().splitlines() or ['no reason given'])[-1]
      pytest.skip(f'needs {", ".join(requirements)} from the package index, which cannot be reached: {reason}')
  ready.touch()
  return python
