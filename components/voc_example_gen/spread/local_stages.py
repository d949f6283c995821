"""Stages run by processes of this machine, without Beam, whose local runner takes seconds for many stages."""

import contextlib
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

from components.voc_example_gen.spread import saved_stages, worker_processes
from components.voc_example_gen.spread.stages import Result, Stage


def run(first: Stage, folder: str, names: Sequence[str], processes: int, after_job: Callable[[Any], object]) -> Any:
  """Runs a stage and all that follow.

  Args:
    first: begins in this process; all others begin in one that works.
    folder: gets the files with stages and jobs.
    names: of the stages; at least as many as there are.
    processes: jobs that run at the same time, each in a process of its own; see worker_processes.py.
    after_job: called here with what a job has returned.

  Returns:
    The Result's value.

  Raises:
    UserError: if a stage raises it.
    WorkerLostError: if a process ended in the midst of its work.
  """
  begun = first()
  if not begun.jobs and isinstance(begun.then, Result):
    return begun.then.value
  pool = worker_processes.POOL
  jobs = saved_stages.save(folder, 0, begun)
  with contextlib.closing(pool), ThreadPoolExecutor(processes) as threads:
    for number in range(1, len(names) + 1):
      running = [threads.submit(pool.run, functools.partial(saved_stages.run, job)) for job in jobs]
      _wait(running, after_job)
      if number < len(names):
        jobs = pool.run(functools.partial(saved_stages.begin, folder, number))
  return saved_stages.result(folder, len(names))


def _wait(running: Sequence[Future[Any]], after_job: Callable[[Any], object]) -> None:
  """Waits for all jobs; when one fails, those that have not begun do not begin."""
  try:
    for job in as_completed(running):
      after_job(job.result())
  except BaseException:
    for job in running:
      job.cancel()
    raise
