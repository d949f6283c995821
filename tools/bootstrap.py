"""Makes .venv: uv, Python 3.10, the locked packages, and this project. Any Python 3, standard library alone.

Run by make; run again after the lock or setup.py change. The environment is marked ready only when whole.
"""

import glob
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import urllib.request
import zipfile

UV_VERSION = '0.13.8'
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = os.path.join(ROOT, '.tools')
VENV = os.path.join(ROOT, '.venv')


def main():
  uv = find_uv()
  python = os.path.join(VENV, 'bin', 'python')
  if not runs(python):
    subprocess.check_call([uv, 'venv', '--quiet', '--clear', '--python', find_python(uv), VENV])
  env = dict(os.environ, VIRTUAL_ENV=VENV)
  print('installing the locked packages (about 3 GB; seconds when cached) ...', flush=True)
  # Compiled here once, not at the first import of every process.
  install = [uv, 'pip', 'sync', '--quiet', '--compile-bytecode', '--require-hashes', 'requirements.lock']
  subprocess.check_call(install, cwd=ROOT, env=env)
  subprocess.check_call([uv, 'pip', 'install', '--quiet', '--no-deps', '--editable', '.'], cwd=ROOT, env=env)
  with open(os.path.join(VENV, '.ready'), 'w') as mark:
    mark.write('made by tools/bootstrap.py\n')


def find_uv():
  """The uv of this project's choice, from the registry that pip is set up for, else straight from PyPI."""
  uv = os.path.join(TOOLS, 'bin', 'uv')
  if runs(uv):
    return uv
  ways = (
    [[sys.executable, '-m', 'venv', TOOLS], [os.path.join(TOOLS, 'bin', 'python'), *pip_install()]],
    [[sys.executable, *pip_install(), '--target', TOOLS]],
  )
  for commands in ways:
    if all(quiet(command) for command in commands) and runs(uv):
      return uv
  # A Debian python3 has neither venv nor pip until asked; the wheel is a zip with one program in it.
  fetch_uv_wheel(uv)
  return uv


def pip_install():
  return ['-m', 'pip', 'install', '--quiet', '--upgrade', 'uv==' + UV_VERSION]


def fetch_uv_wheel(target):
  index = 'https://pypi.org/pypi/uv/{}/json'.format(UV_VERSION)
  with urllib.request.urlopen(index, timeout=60) as answer:
    files = json.loads(answer.read().decode())['urls']
  machine = {'amd64': 'x86_64', 'aarch64': 'aarch64', 'arm64': 'arm64'}.get(platform.machine().lower(), 'x86_64')
  system = 'macosx' if sys.platform == 'darwin' else 'manylinux'
  wheel = next(f for f in files if system in f['filename'] and machine in f['filename'])
  with urllib.request.urlopen(wheel['url'], timeout=600) as answer:
    content = answer.read()
  if hashlib.sha256(content).hexdigest() != wheel['digests']['sha256']:
    raise SystemExit('bootstrap: {}: checksum differs from what PyPI says. Try again.'.format(wheel['filename']))
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    program = next(n for n in archive.namelist() if n.endswith('.data/scripts/uv'))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, 'wb') as out:
      out.write(archive.read(program))
  os.chmod(target, 0o755)


def find_python(uv):
  """A Python 3.10: $PYTHON310, one on PATH or under pyenv, else one that uv fetches."""
  pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
  found = [os.environ.get('PYTHON310', ''), 'python3.10']
  found += sorted(glob.glob(os.path.join(pyenv, 'versions', '3.10.*', 'bin', 'python3.10')), reverse=True)
  for python in found:
    if python and runs(python):
      return python
  if quiet([uv, 'python', 'install', '3.10']):
    return '3.10'
  raise SystemExit('bootstrap: no Python 3.10 found, none could be fetched. Install it or set PYTHON310=/its/path.')


def runs(program):
  return quiet([program, '--version'])


def quiet(command):
  try:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
  except OSError:
    return False
  return done.returncode == 0


if __name__ == '__main__':
  main()
