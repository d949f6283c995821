"""Runs a command beside Beam's Prism: an engine over the portable job API, built with Go for the installed Beam.

    python tools/prism.py COMMAND...

The command finds it at $BEAM_JOB_ENDPOINT. For `make test-prism`.
"""

import importlib.metadata
import os
import pathlib
import shutil
import subprocess
import sys

import job_server

_TOOLS = pathlib.Path(__file__).resolve().parent.parent / '.tools' / 'prism'
_SOURCE = 'github.com/apache/beam/sdks/v2/go/cmd/prism'


def build(folder: pathlib.Path = _TOOLS) -> pathlib.Path:
  """Returns the program's path, building it once.

  Raises:
    FileNotFoundError: if there is no Go.
    subprocess.CalledProcessError: if Go cannot fetch or build it.
  """
  if not shutil.which('go'):
    raise FileNotFoundError('go is not installed: make test-prism needs Go (it fetches the release that Prism wants)')
  version = importlib.metadata.version('apache-beam')
  program = folder / version / 'prism'
  if not program.exists():
    environment = {**os.environ, 'GOBIN': str(program.parent)}
    subprocess.run(['go', 'install', f'{_SOURCE}@v{version}'], env=environment, check=True, stdout=sys.stderr)
  return program


def run_beside(program: pathlib.Path, command: list[str]) -> int:
  """Runs `command` while Prism serves jobs; returns the command's exit status.

  Raises:
    TimeoutError: if Prism does not answer.
  """
  options = ['--serve_http=false', '--log_level=error']
  return job_server.run_beside(lambda port: [str(program), *options, f'--job_port={port}'], command)


if __name__ == '__main__':
  try:
    sys.exit(run_beside(build(), sys.argv[1:]))
  except (FileNotFoundError, subprocess.CalledProcessError, TimeoutError) as error:
    sys.exit(f'prism: {error}')
