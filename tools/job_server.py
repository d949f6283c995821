"""Runs a command beside a Beam job server of its own, which the command finds at $BEAM_JOB_ENDPOINT."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

_PATIENCE = 60  # seconds until the job port answers


def run_beside(server: Callable[[int], Sequence[str]], command: Sequence[str]) -> int:
  """Runs `command` while the server that `server(port)` starts serves jobs on a free port; returns its exit status.

  Raises:
    TimeoutError: if the server ends before it answers, or does not answer.
  """
  port = _free_port()
  with subprocess.Popen(server(port), stdout=sys.stderr) as engine:
    try:
      _await(port, engine)
      environment = {**os.environ, 'BEAM_JOB_ENDPOINT': f'localhost:{port}'}
      return subprocess.run(command, env=environment, check=False).returncode
    finally:
      engine.terminate()


def _free_port() -> int:
  with socket.socket() as probe:
    probe.bind(('localhost', 0))
    return probe.getsockname()[1]


def _await(port: int, server: subprocess.Popen) -> None:
  until = time.monotonic() + _PATIENCE
  while time.monotonic() < until and server.poll() is None:
    with socket.socket() as probe:
      if probe.connect_ex(('localhost', port)) == 0:
        return
    time.sleep(0.1)
  raise TimeoutError(f'the job server ended, or did not answer on port {port} within {_PATIENCE} s: see above')
