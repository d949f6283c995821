"""Runs a command beside Beam's Prism: an engine over the portable job API, built with Go for the installed Beam.

    python tools/prism.py COMMAND...

The command finds it at $BEAM_JOB_ENDPOINT. For `make test-prism`.
"""

import importlib.metadata
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

_TOOLS = pathlib.Path(__file__).resolve().parent.parent / '.tools' / 'prism'
_SOURCE = 'github.com/apache/beam/sdks/v2/go/cmd/prism'
_PATIENCE = 30  # seconds until the job port answers


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
  """Runs `command` while Prism serves jobs on a free port; returns the command's exit status.

  Raises:
    TimeoutError: if Prism does not answer.
  """
  port = _free_port()
  with subprocess.Popen([program, f'--job_port={port}', '--serve_http=false', '--log_level=error']) as engine:
    try:
      _await(port)
      environment = {**os.environ, 'BEAM_JOB_ENDPOINT': f'localhost:{port}'}
      return subprocess.run(command, env=environment, check=False).returncode
    finally:
      engine.terminate()


def _free_port() -> int:
  with socket.socket() as probe:
    probe.bind(('localhost', 0))
    return probe.getsockname()[1]


def _await(port: int) -> None:
  until = time.monotonic() + _PATIENCE
  while time.monotonic() < until:
    with socket.socket() as probe:
      if probe.connect_ex(('localhost', port)) == 0:
        return
    time.sleep(0.1)
  raise TimeoutError(f'Prism did not answer on port {port} within {_PATIENCE} s')


if __name__ == '__main__':
  try:
    sys.exit(run_beside(build(), sys.argv[1:]))
  except (FileNotFoundError, subprocess.CalledProcessError, TimeoutError) as error:
    sys.exit(f'prism: {error}')
