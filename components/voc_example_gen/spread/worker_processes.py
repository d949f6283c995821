"""Runs work in processes of its own: Python's threads share an interpreter, so that they cannot compute together.

Each thread that has work to do gets a process, so an engine that runs several jobs at a time, in however few processes
of its own, uses as many cores. multiprocessing does not serve here: its processes import what the main process began
with, TFX or Beam, which takes seconds and hundreds of MB for each. What these import takes half a second, so that they
can be started ahead.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeVar, cast

from components.voc_example_gen.spread import worker_main

AS_MANY_AS_CORES = sys.maxsize
T = TypeVar('T')


class WorkerLostError(RuntimeError):
  """A process ended in the midst of its work."""


class _FromProcessError(Exception):
  """The traceback in a process, as the cause of the error that was raised there."""

  def __str__(self) -> str:
    return f'\n\n{self.args[0]}'


class Pool:
  """Processes that are started when they are needed, and kept for further work.

  At most as many work at a time as there are cores; further threads wait.
  """

  def __init__(self, cores: int | None = None) -> None:
    """cores: of this machine; counted if None."""
    self._cores = cores or os.cpu_count() or 1
    self._idle: list[_Worker] = []
    self._working = 0
    self._changed = threading.Condition()

  def start(self, count: int, module: str) -> None:
    """Starts processes, so that `count` are ready for work, and waits for none of them.

    Args:
      count: so many, but no more than there are cores.
      module: what they import, as their work will need it.
    """
    with self._changed:
      missing = min(count, self._cores) - len(self._idle)
      self._idle += [_Worker(module) for _ in range(missing)]

  def run(self, work: Callable[[], T], most: int = AS_MANY_AS_CORES) -> T:
    """Calls `work`, which is picklable, in a process, and returns what it returns.

    Args:
      work: to be done.
      most: it waits until fewer processes than this work.

    Raises:
      WorkerLostError: if the process ended.
      Exception: what `work` raises.
    """
    with self._turn(most):
      with self._changed:
        worker = self._idle.pop() if self._idle else None
      worker = worker or _Worker()
      try:
        result, error, trace = worker.run(work)
      except BaseException:
        worker.close()
        raise
      with self._changed:
        self._idle.append(worker)
    if error:
      raise error from _FromProcessError(trace)
    return cast(T, result)

  @contextlib.contextmanager
  def _turn(self, most: int) -> Iterator[None]:
    with self._changed:
      self._changed.wait_for(lambda: self._working < min(most, self._cores))
      self._working += 1
    try:
      yield
    finally:
      with self._changed:
        self._working -= 1
        self._changed.notify_all()

  def close(self) -> None:
    """Ends the processes that have nothing to do."""
    with self._changed:
      idle, self._idle = self._idle, []
    for worker in idle:
      worker.close()


# Of this process: an engine makes copies of what it runs, and processes cannot be copied.
POOL = Pool()


class _Worker:
  """One process; see worker_main.py for what it does."""

  def __init__(self, *modules: str) -> None:
    """modules: what it imports before there is work."""
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, '-m', worker_main.__name__, *modules]
    self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

  def run(self, work: Callable[[], Any]) -> worker_main.Answer:
    try:
      worker_main.send(cast(IO[bytes], self._process.stdin), pickle.dumps(work, pickle.HIGHEST_PROTOCOL))
      answer = worker_main.receive(cast(IO[bytes], self._process.stdout))
    except (EOFError, BrokenPipeError) as error:
      self._process.kill()
      raise WorkerLostError(
        f'A worker process ended with status {self._process.wait()} in the midst of its work. Status -9 is what it has '
        'when memory is short: give the machine more, or use fewer workers (--direct_num_workers)'
      ) from error
    return pickle.loads(answer)

  def close(self) -> None:
    """Ends the process, whatever it does."""
    self._process.kill()
    self._process.communicate()
