"""Runs a command that needs the programs of Kubernetes: etcd, kube-apiserver and kube-scheduler, built with Go.

    python tools/kubernetes.py COMMAND...

The command finds their folder at $KUBERNETES_BIN. They are built once and kept in the user's cache. For
`make test-kubernetes`.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

_CACHE = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'detection-pipeline'
_VERSION = '1.37.2'
_MODULE = 'k8s.io/kubernetes'
# etcd is in the list of what Kubernetes is tested with, so its version is not ours to choose.
_PACKAGES = {
  'kube-apiserver': f'{_MODULE}/cmd/kube-apiserver',
  'kube-scheduler': f'{_MODULE}/cmd/kube-scheduler',
  'etcd': 'go.etcd.io/etcd/server/v3',
}
# Without it the programs call themselves v0.0.0.
_STAMP = f'-s -w -X k8s.io/component-base/version.gitVersion=v{_VERSION}'


def build(cache: pathlib.Path = _CACHE) -> pathlib.Path:
  """Returns the folder of the programs, building those that it lacks.

  Raises:
    FileNotFoundError: if there is no Go.
    subprocess.CalledProcessError: if Go cannot fetch or build them.
  """
  folder = cache / f'kubernetes-{_VERSION}'
  missing = [name for name in _PACKAGES if not (folder / name).exists()]
  if missing and not shutil.which('go'):
    raise FileNotFoundError('go is not installed: make test-kubernetes needs Go (it fetches the release that it wants)')
  if missing:
    print(f'building {", ".join(missing)} of Kubernetes {_VERSION} in {folder} (many minutes; once) ...', flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as module:
      make_module(pathlib.Path(module), _go_mod())
      for name in missing:
        made = pathlib.Path(module, name)
        _go('build', '-mod=mod', '-trimpath', '-ldflags', _STAMP, '-o', str(made), _PACKAGES[name], cwd=module)
        shutil.move(made, folder / name)
  return folder


def make_module(folder: pathlib.Path, go_mod: str) -> None:
  """Writes a go.mod from which the programs can be built, from that of Kubernetes.

  Kubernetes takes its libraries from folders beside it, which are not in the module; each is published as v0.Y.Z.
  """
  version = re.sub(r'^1\.', 'v0.', _VERSION)
  text = re.sub(r'^module .*', 'module programs', go_mod, flags=re.MULTILINE)
  text = re.sub(r'(\S+) => \./staging/\S+', rf'\1 => \1 {version}', text)
  (folder / 'go.mod').write_text(f'{text}\nrequire {_MODULE} v{_VERSION}\n')


def _go_mod() -> str:
  told = _go('mod', 'download', '-json', f'{_MODULE}@v{_VERSION}', cwd=None)
  return pathlib.Path(json.loads(told)['GoMod']).read_text()


def _go(*words: str, cwd: str | None) -> str:
  environment = {**os.environ, 'CGO_ENABLED': '0'}
  return subprocess.run(['go', *words], cwd=cwd, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == '__main__':
  try:
    environment = {**os.environ, 'KUBERNETES_BIN': str(build())}
    sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
  except (FileNotFoundError, subprocess.CalledProcessError) as error:
    sys.exit(f'kubernetes: {error}')
