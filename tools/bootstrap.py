"""Makes .venv: uv, a Python, the locked packages of one of two stacks, and this project. Any Python 3, no packages.

The current stack (Python 3.12, requirements.lock) where this host can import what is critical of it, else the legacy
one (Python 3.10, requirements-legacy.lock); STACK=current or STACK=legacy chooses by hand. docs/stack.md says more.

Run by make; run again after a lock or setup.py changes. The environment is marked ready only when whole.
"""

import glob
import hashlib
import io
import json
import os
import platform
import re
import subprocess
import sys
import urllib.request
import zipfile

UV_VERSION = '0.13.8'
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = os.path.join(ROOT, '.tools')
VENV = os.path.join(ROOT, '.venv')

# {stack: (Python, lock)}
STACKS = {'current': ('3.12', 'requirements.lock'), 'legacy': ('3.10', 'requirements-legacy.lock')}
# Of the current stack, what asks most of a host (glibc 2.38, the libstdc++ of GCC 14): {package: its compiled module}.
# Both are small, so that finding out takes a second.
CRITICAL = {
  'ml-metadata': 'ml_metadata/metadata_store/pywrap/metadata_store_extension.so',
  'tensorflow-data-validation': 'tensorflow_data_validation/pywrap/tensorflow_data_validation_extension.so',
}
# Imports the modules alone: what their packages import beside them is not installed.
IMPORT = """
import importlib.util, os, sys, sysconfig
for path in sys.argv[1:]:
  name = os.path.basename(path).partition('.')[0]
  spec = importlib.util.spec_from_file_location(name, os.path.join(sysconfig.get_path('platlib'), path))
  importlib.util.module_from_spec(spec)
"""


def main():
  uv = find_uv()
  stack, reason = choose_stack(uv, os.environ.get('STACK', ''))
  version, lock = STACKS[stack]
  print('{} stack (Python {}, {}): {}'.format(stack, version, lock, reason), flush=True)
  python = os.path.join(VENV, 'bin', 'python')
  if not is_of_version(python, version):
    found = find_python(uv, version)
    if not found:
      raise SystemExit('bootstrap: {}. Install it or set {}=/its/path.'.format(no_python(version), variable(version)))
    subprocess.check_call([uv, 'venv', '--quiet', '--clear', '--python', found, VENV])
  env = dict(os.environ, VIRTUAL_ENV=VENV)
  print('installing the locked packages (about 4 GB; seconds when cached) ...', flush=True)
  # Compiled here once, not at the first import of every process.
  install = [uv, 'pip', 'sync', '--quiet', '--compile-bytecode', '--require-hashes', lock]
  subprocess.check_call(install, cwd=ROOT, env=env)
  subprocess.check_call([uv, 'pip', 'install', '--quiet', '--no-deps', '--editable', '.'], cwd=ROOT, env=env)
  with open(os.path.join(VENV, '.ready'), 'w') as mark:
    mark.write(stack + '\n')


def choose_stack(uv, wanted):
  """Returns (stack, why). `wanted` is the user's choice, or empty; SystemExit if this host cannot run it."""
  if wanted not in ('', *STACKS):
    raise SystemExit('bootstrap: STACK: expected current or legacy, received "{}".'.format(wanted))
  if wanted == 'legacy':
    return wanted, 'chosen by STACK'
  hindrance = why_not_current(uv)
  if wanted and hindrance:
    raise SystemExit('bootstrap: STACK=current: {}. Take STACK=legacy, or make test-current.'.format(hindrance))
  if hindrance:
    return 'legacy', 'the current one cannot run here: ' + hindrance
  return 'current', 'chosen by STACK' if wanted else 'this host can import {}'.format(' and '.join(CRITICAL))


def why_not_current(uv):
  """Imports what is critical of the current stack, in an environment of its own; returns what hinders it, or ''."""
  version, lock = STACKS['current']
  python = find_python(uv, version)
  if not python:
    return no_python(version)
  folder = os.path.join(TOOLS, 'probe')
  with open(os.path.join(ROOT, lock)) as file:
    pins = [re.search('^{}==[0-9.]+'.format(name), line) for line in file for name in CRITICAL]
  packages = [pin.group() for pin in pins if pin]
  said = output([uv, 'venv', '--quiet', '--clear', '--python', python, folder])
  if not said:
    install = [uv, 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', '--python', folder]
    said = output([*install, *packages])
  if not said:
    said = output([os.path.join(folder, 'bin', 'python'), '-c', IMPORT, *CRITICAL.values()])
  if not said:
    return ''
  tag = re.search(r'no wheels with a matching platform tag \(e\.g\., `(\w+)`\)', said)
  reason = 'no build for ' + tag.group(1) if tag else said.splitlines()[-1]
  return '{}: {}'.format(', '.join(packages), reason)


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


def find_python(uv, version):
  """Such a Python: $PYTHON310 or $PYTHON312, one on PATH or under pyenv, else one that uv fetches; None if none."""
  pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
  name = 'python' + version
  found = [os.environ.get(variable(version), ''), name]
  found += sorted(glob.glob(os.path.join(pyenv, 'versions', version + '.*', 'bin', name)), reverse=True)
  for python in found:
    if python and is_of_version(python, version):
      return python
  return version if quiet([uv, 'python', 'install', version]) else None


def no_python(version):
  return 'no Python {} found, none could be fetched'.format(version)


def variable(version):
  return 'PYTHON' + version.replace('.', '')


def is_of_version(python, version):
  code = 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])'
  return quiet([python, '-c', code, version])


def runs(program):
  return quiet([program, '--version'])


def quiet(command):
  return not output(command)


def output(command):
  """What a command that fails says; empty if it succeeds."""
  try:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
  except OSError as error:
    return str(error)
  if done.returncode == 0:
    return ''
  return done.stdout.decode(errors='replace').strip() or 'exit status {}'.format(done.returncode)


if __name__ == '__main__':
  main()
