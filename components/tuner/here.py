"""Trials on this node, each in a process of its own."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable

from components.tuner import search
from components.tuner import trial as trials_process
from components.tuner.search import Trial
from detection.base import files

# Waits up to so many seconds; True when the trial shall stop, to go on later.
IsStopped = Callable[[float], bool]
_POLL_SECONDS = 0.5
_ASKED_TO_STOP = (-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM)
_ROOT = pathlib.Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True)
class Here:
  """A place on this node that trains one trial at a time.

  device: number of a GPU, or None for whatever is there.
  number: of the node; this one leads.
  """

  device: int | None = None
  number: int = 0

  def is_ready(self) -> bool:
    return True

  def train(self, trial: Trial, folder: str, is_stopped: IsStopped) -> Trial:
    return run_process(trial, folder, self.device, is_stopped)


def run_process(trial: Trial, folder: str, device: int | None, is_stopped: IsStopped) -> Trial:
  """Trains a prepared trial in a process of its own; one that dies is a failed trial, with the last it said.

  Raises:
    SystemExit: if the process was asked to stop, here or by whoever stops the whole group; the trial can go on later.
  """
  environment = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(_ROOT), os.environ.get('PYTHONPATH', '')])}
  environment.pop('TF_CONFIG', None)  # a trial is trained by one node, though there may be several
  if device is not None:
    environment['CUDA_VISIBLE_DEVICES'] = str(device)
  command = [sys.executable, '-m', trials_process.__name__, folder, str(os.getpid())]
  with tempfile.TemporaryFile('w+', encoding='utf-8', errors='replace') as said:
    with subprocess.Popen(command, env=environment, stderr=said) as process:
      status = _wait(process, is_stopped)
    said.seek(0)
    shutil.copyfileobj(said, sys.stderr)
    said.seek(0)
    last = next((line.strip() for line in reversed(said.readlines()) if line.strip()), '')
  result = files.join(folder, trials_process.RESULT)
  if files.exists(result):
    return search.load(files.read_text(result))[0]
  if status in _ASKED_TO_STOP:
    raise SystemExit(status if status > 0 else 128 - status)
  if status < 0:
    return search.failed(trial, f'killed by signal {-status}, as for want of memory')
  return search.failed(trial, f'exit status {status}: {last}')


def _wait(process: subprocess.Popen, is_stopped: IsStopped) -> int:
  """The exit status; the process is asked to stop, once, when it shall or when this one ends."""
  try:
    while process.poll() is None and not is_stopped(_POLL_SECONDS):
      pass
  finally:
    if process.poll() is None:
      process.terminate()
  return process.wait()
