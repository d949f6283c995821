"""Stages and their jobs in files, so that any process can begin the one and run the other by name."""

import dataclasses
import posixpath
from typing import Any

from components.voc_example_gen.spread import stages, work_list
from components.voc_example_gen.spread.stages import Begun, Job, Result, Stage
from detection.base.errors import UserError


def save(folder: str, number: int, begun: Begun) -> list[str]:
  """Writes the jobs of a stage that has begun, and the stage that follows; returns the jobs' files."""
  work_list.save_at(_file(folder, number + 1), begun.then)
  return [_saved_job(folder, number, index, job) for index, job in enumerate(begun.jobs)]


def begin(folder: str, number: int) -> list[str]:
  """Begins the stage of a number, which has been saved, and saves what it gives; returns the files with its jobs."""
  return save(folder, number, _begun(work_list.load(_file(folder, number))))


def run(job: str) -> object:
  """Runs the job in a file; returns what it returns."""
  return work_list.load(job)()


def result(folder: str, number: int) -> Any:
  """What the stages have found.

  Args:
    folder: where they are.
    number: how many have begun.

  Raises:
    UserError: if one of them has raised it.
    RuntimeError: if a stage is left.
  """
  last = work_list.load(_file(folder, number))
  if isinstance(last, _Failed):
    raise last.error
  if not isinstance(last, Result):
    raise RuntimeError(f'expected a result after {number} stages, received {last}')
  return last.value


@dataclasses.dataclass(frozen=True)
class _Failed:
  """Stands in the place of the next stage when a user's mistake was found."""

  error: UserError

  def __call__(self) -> Begun:
    return Begun((), self)


def _begun(stage: Stage | Result) -> Begun:
  try:
    return stages.begin(stage)
  except UserError as error:  # kept for the process that tells the user: an engine would make a traceback of it
    return Begun((), _Failed(error))


def _saved_job(folder: str, number: int, index: int, job: Job) -> str:
  return work_list.save(folder, f'stage-{number}-job-{index:06}', job)


def _file(folder: str, number: int) -> str:
  return posixpath.join(folder, f'stage-{number}.work')
