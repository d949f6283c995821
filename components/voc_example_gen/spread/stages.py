"""Work in stages: the jobs of one stage run in any order on any worker, and the next stage begins when all are done.

Stages hand on what they have found in files. So they need no engine: beam_stages.py runs them as one Beam pipeline,
local_stages.py in processes of this machine, and `run` in one process.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol


class Job(Protocol):
  """Something to do. Picklable; done twice, it writes the same files."""

  def __call__(self) -> object: ...


class Stage(Protocol):
  """Begins a stage. Picklable, as it may begin on any worker; begun twice, it gives the same."""

  def __call__(self) -> 'Begun': ...


@dataclasses.dataclass(frozen=True)
class Result:
  """What stands in the place of a next stage when there is none: what all stages have found."""

  value: Any


class Begun(NamedTuple):
  """A stage that has begun.

  Attributes:
    jobs: what has to be done.
    then: the stage that begins when all jobs are done.
  """

  jobs: Sequence[Job]
  then: Stage | Result


def begin(stage: Stage | Result) -> Begun:
  """The stage, begun; where there is none, nothing is left to do."""
  return Begun((), stage) if isinstance(stage, Result) else stage()


def run(first: Stage, run_jobs: Callable[[Sequence[Job]], object]) -> Any:
  """Runs a stage and all that follow; run_jobs: runs the jobs of one stage. Returns the Result's value."""
  stage: Stage | Result = first
  while not isinstance(stage, Result):
    jobs, stage = stage()
    run_jobs(jobs)
  return stage.value
