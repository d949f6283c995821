"""A trial in a process of its own, as seen by the process that starts it.

A process of its own gives its memory back, can have a GPU to itself, and may be killed for want of memory without
taking the search along.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from typing import IO

from components.tuner import results
from components.tuner import trial as trial_program
from components.tuner.results import TrialResult
from detection.base import files

_POLL_SECONDS = 0.5
_ASKED_TO_STOP = (-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM)
_ROOT = pathlib.Path(__file__).parents[2]


def run(trial: TrialResult, folder: str, device: int | None, stopping: threading.Event) -> TrialResult:
  """Trains a prepared trial; one whose process dies has failed, with the last line that it printed as the reason.

  Args:
    trial: which one.
    folder: its folder, as trial.prepare left it.
    device: number of the GPU that it may see; None for all.
    stopping: when set, the process is asked to stop.

  Raises:
    SystemExit: if the process was asked to stop, here or by who stops the whole group; the trial can go on later.
  """
  command = [sys.executable, '-m', trial_program.__name__, folder, str(os.getpid())]
  with tempfile.TemporaryFile('w+', encoding='utf-8', errors='replace') as printed:
    with subprocess.Popen(command, env=_environment(device), stderr=printed) as process:
      status = _wait(process, stopping)
    last = _pass_on(printed)
  result = files.join(folder, trial_program.RESULT)
  if files.exists(result):
    return results.load(files.read_text(result))[0]
  if status in _ASKED_TO_STOP:
    raise SystemExit(status if status > 0 else 128 - status)
  if status < 0:
    return results.failed(trial, f'killed by signal {-status}, as for want of memory')
  return results.failed(trial, f'exit status {status}: {last}')


def _environment(device: int | None) -> dict[str, str]:
  environment = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(_ROOT), os.environ.get('PYTHONPATH', '')])}
  environment.pop('TF_CONFIG', None)  # a trial is trained by one machine, though there may be several
  if device is not None:
    environment['CUDA_VISIBLE_DEVICES'] = str(device)
  return environment


def _wait(process: subprocess.Popen, stopping: threading.Event) -> int:
  """The exit status. The process is asked to stop, once, when `stopping` is set or this function is interrupted."""
  try:
    while process.poll() is None and not stopping.wait(_POLL_SECONDS):
      pass
  finally:
    if process.poll() is None:
      process.terminate()
  return process.wait()


def _pass_on(printed: IO[str]) -> str:
  """Copies what a process printed to stderr; returns the last line that is not empty."""
  printed.seek(0)
  shutil.copyfileobj(printed, sys.stderr)
  printed.seek(0)
  return next((line.strip() for line in reversed(printed.readlines()) if line.strip()), '')
