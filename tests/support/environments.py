"""Environments beside the project's own, for packages whose pins collide with it. Kept in this checkout's .tools."""

import fcntl
import pathlib
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).parents[2]
_INSTALL = ('pip', 'install', '--quiet', '--python')


def python_with(name, *requirements):
  """The Python of an environment that has `requirements` (with versions); skips the test if it cannot be made."""
  uv = PROJECT / '.tools/bin/uv'
  # Within the checkout: an environment's Python is a link to that of .venv, and dangles where it outlives it.
  folder = PROJECT / '.tools/environments' / f'{name}-{"-".join(r.replace("==", "") for r in requirements)}'
  folder.parent.mkdir(parents=True, exist_ok=True)
  # Tests run in several processes: one makes the environment, the others wait for it.
  with open(folder.with_name(f'{folder.name}.lock'), 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    return str(_made(uv, folder, requirements))


def files_of(requirement):
  """The folder of a package's files alone, without what it depends on; skips the test if it cannot be had."""
  folder = PROJECT / '.tools/environments' / f'files-{requirement.replace("==", "-")}'
  folder.parent.mkdir(parents=True, exist_ok=True)
  with open(folder.with_name(f'{folder.name}.lock'), 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not folder.exists():
      part = folder.with_name(f'{folder.name}.part')
      _run([PROJECT / '.tools/bin/uv', *_INSTALL, sys.executable, '--no-deps', '--target', part, requirement])
      part.rename(folder)
  return folder


def _made(uv, folder, requirements):
  python, ready = folder / 'bin/python', folder / '.ready'
  if ready.exists() and python.exists():
    return python
  _run([uv, 'venv', '--quiet', '--clear', '--python', sys.executable, folder])
  _run([uv, *_INSTALL, python, *requirements])
  ready.touch()
  return python


def _run(command):
  """Runs uv; skips the test if it fails."""
  if not command[0].exists():
    pytest.skip('needs .tools/bin/uv, which `make test` installs, to install packages beside the environment')
  done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
  if done.returncode != 0:
    reason = (done.stderr.strip().splitlines() or ['no reason given'])[-1]
    pytest.skip(f'needs {command[-1]} from the package index, which cannot be reached: {reason}')
