"""Runs a command in a Debian 13 root, for hosts that cannot run the current stack themselves (docs/stack.md).

    python3 tools/debian13.py COMMAND...

The root is made once by debootstrap, and kept in the user's cache. In it the checkout is /project, with a .venv and
.tools of its own, kept beside the root. Once those are made, only a new checkout or lock asks the package index. Needs
Linux, root and debootstrap. Exit status: the command's; 69 and one line that says why, where there can be no such root.
For `make test-current`.
"""

import glob
import os
import shutil
import signal
import subprocess
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'detection-pipeline')
ROOT = os.path.join(CACHE, 'debian13')
UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h

# The first line is what the project needs of a host; the second what a copied Python needs; the third what tests use.
PACKAGES = (
  'ca-certificates git make g++ python3 python3-venv '
  'libssl3t64 libffi8 libsqlite3-0 zlib1g libbz2-1.0 liblzma5 libreadline8t64 libncursesw6 libuuid1 '
  'procps'
)
# How the host reaches a package index.
NETWORK_FILES = ('/etc/resolv.conf', '/etc/hosts', '/etc/pip.conf', '/etc/ssl/certs/ca-certificates.crt')

# $1 root, $2 checkout, $3 folder of .venv and .tools, $4 uv's cache; then the command. Mounts go with the namespace.
INSIDE = r"""
set -e
root=$1 project=$2 kept=$3 packages=$4
shift 4
mount --bind "$project" "$root/project"
mount --bind "$kept/venv" "$root/project/.venv"
mount --bind "$kept/tools" "$root/project/.tools"
mount --bind "$packages" "$root/root/.cache/uv"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
exec chroot "$root" /bin/sh -c 'cd /project && exec "$@"' sh "$@"
"""


def main():
  if not sys.argv[1:]:
    sys.exit('debian13: expected a command, as in: python3 tools/debian13.py make test')
  reason = why_not() or make_root()
  if reason:
    print('debian13: no Debian 13 root here: ' + reason, file=sys.stderr)
    return UNAVAILABLE
  return run(sys.argv[1:])


def why_not():
  """Why there can be no root on this host; empty if there can."""
  if not sys.platform.startswith('linux'):
    return 'it needs Linux'
  if os.geteuid() != 0:
    return 'mounting and chroot need root'
  if quiet(['unshare', '--mount', '--pid', '--fork', 'true']) != 0:
    return 'this host allows no namespaces (unshare --mount)'
  if not is_made() and not shutil.which('debootstrap'):
    return 'debootstrap is missing: apt-get install debootstrap'
  return ''


def is_made():
  try:
    with open(os.path.join(ROOT, 'made-from')) as mark:
      return mark.read() == PACKAGES
  except OSError:
    return False


def make_root():
  """Makes the root, once; returns why it could not be made, or ''."""
  if is_made():
    return ''
  print('making a Debian 13 root in {} (some minutes, 1 GB; once) ...'.format(ROOT), flush=True)
  shutil.rmtree(ROOT, ignore_errors=True)
  os.makedirs(ROOT)
  log = ROOT + '.log'
  with open(log, 'w') as out:
    command = ['debootstrap', '--variant=minbase', '--include=' + ','.join(PACKAGES.split()), 'trixie', ROOT]
    if subprocess.call(command, stdout=out, stderr=out) != 0:
      return 'debootstrap failed: see {}'.format(log)
  copy_python(ROOT)
  os.makedirs(os.path.join(ROOT, 'project'))
  with open(os.path.join(ROOT, 'made-from'), 'w') as mark:
    mark.write(PACKAGES)
  return ''


def copy_python(root):
  """Copies the host's Python 3.12, if it has one; Debian 13 has 3.13, and tools/bootstrap.py else fetches one."""
  pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
  found = [os.environ.get('PYTHON312', ''), shutil.which('python3.12') or '']
  found += sorted(glob.glob(os.path.join(pyenv, 'versions', '3.12.*', 'bin', 'python3.12')), reverse=True)
  for python in found:
    if python and quiet([python, '--version']) == 0:
      prefix = subprocess.check_output([python, '-c', 'import sys; print(sys.base_prefix)']).decode().strip()
      break
  else:
    return
  local = os.path.join(root, 'usr', 'local')
  for part in ('bin/python3.12', 'include/python3.12', 'lib/python3.12', 'lib/libpython3.12.so*'):
    for path in glob.glob(os.path.join(prefix, part)):
      target = os.path.join(local, os.path.dirname(part))
      os.makedirs(target, exist_ok=True)
      subprocess.check_call(['cp', '-a', path, target])
  shutil.rmtree(os.path.join(local, 'lib/python3.12/site-packages'), ignore_errors=True)
  subprocess.check_call(['chroot', root, 'ldconfig'])


def run(command):
  """Runs `command` at /project in the root; returns its exit status. Its processes end with it."""
  for path in NETWORK_FILES:
    if os.path.exists(path):
      target = ROOT + path
      os.makedirs(os.path.dirname(target), exist_ok=True)
      if os.path.lexists(target):
        os.remove(target)
      shutil.copyfile(path, target)
  packages = os.environ.get('UV_CACHE_DIR') or os.path.expanduser('~/.cache/uv')
  kept = ROOT + '-project'
  mounted = (packages, kept + '/venv', kept + '/tools')
  for folder in (*mounted, ROOT + '/root/.cache/uv', PROJECT + '/.venv', PROJECT + '/.tools'):
    os.makedirs(folder, exist_ok=True)
  space = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', INSIDE, 'debian13']
  signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
  inside = subprocess.Popen([*space, ROOT, PROJECT, kept, packages, *command], env=environment())
  try:
    return inside.wait()
  finally:
    inside.kill()  # unshare takes no other signal; the namespace, with all in it, ends with it


def environment():
  """The host's variables, without those that name its folders."""
  dropped = ('PYTHON', 'PYENV', 'VIRTUAL_ENV', 'UV_CACHE_DIR', 'TMPDIR', 'XDG_', 'LD_')
  kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
  path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  # Files cannot be linked from one mount to another, so packages are copied.
  return dict(kept, PATH=path, HOME='/root', LANG='C.UTF-8', UV_LINK_MODE='copy')


def quiet(command):
  try:
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
  except OSError:
    return 127


if __name__ == '__main__':
  sys.exit(main())
