"""Stages as one Beam pipeline, whose elements are names of files with jobs: no image and no row is passed by Beam.

Memory is that of one job per worker, however many images there are, and every runner writes the same bytes. Imports no
TensorFlow: a worker process has to import this module.
"""

import dataclasses
import itertools
import posixpath
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apache_beam as beam

from components.voc_example_gen.spread import work_list
from components.voc_example_gen.spread.stages import Begun, Job, Result, Stage
from detection.base.errors import UserError

_ALL = 'all jobs'
_NOTHING = ''  # a job that does nothing: a stage without jobs comes to its end as well


def run(make_pipeline: Callable[[], beam.Pipeline], folder: str, first: Stage, names: Sequence[str]) -> Any:
  """Runs a stage and all that follow; without a pipeline, if nothing is to be done.

  Args:
    make_pipeline: makes the pipeline, which is run at the end of its `with` block.
    folder: gets the files with stages and jobs.
    first: begins in this process; all others begin on a worker.
    names: of the stages, as an engine shows them; at least as many as there are.

  Returns:
    The Result's value.

  Raises:
    UserError: if a stage raises it.
  """
  begun = first()
  if not begun.jobs and isinstance(begun.then, Result):
    return begun.then.value
  paths = _saved_jobs(folder, 0, begun)
  with make_pipeline() as pipeline:
    jobs = pipeline | f'Begin {names[0]}' >> beam.Create(paths)
    for number, (name, following) in enumerate(itertools.zip_longest(names, names[1:]), start=1):
      # Without a reshuffle, one worker would get all jobs.
      done = jobs | f'Spread {name}' >> beam.Reshuffle() | name >> beam.ParDo(_RunJob())
      if following:
        jobs = done | f'End {name}' >> _End() | f'Begin {following}' >> beam.ParDo(_Begin(folder, number))
  last = work_list.load(_stage_in(folder, len(names)))
  if isinstance(last, _Failed):
    raise last.error
  if not isinstance(last, Result):
    raise RuntimeError(f'expected a result after the stages {", ".join(names)}, received {last}')
  return last.value


@beam.typehints.with_input_types(str)
@beam.typehints.with_output_types(str)
class _RunJob(beam.DoFn):
  """Runs the job in a file; yields something to count."""

  def process(self, path: str) -> list[str]:
    if path != _NOTHING:
      work_list.load(path)()
    return [_ALL]


@beam.typehints.with_input_types(str)
class _End(beam.PTransform):
  """One element, when all jobs of a stage are done."""

  def expand(self, done: beam.PCollection) -> beam.PCollection:
    return done | beam.Map(lambda key: (key, 1)) | beam.CombinePerKey(sum)


@beam.typehints.with_output_types(str)
class _Begin(beam.DoFn):
  """Begins the stage of a number; yields the files with its jobs."""

  def __init__(self, folder: str, number: int) -> None:
    super().__init__()
    self._folder, self._number = folder, number

  def process(self, done: tuple[str, int]) -> Iterable[str]:
    return _saved_jobs(self._folder, self._number, _begun(work_list.load(_stage_in(self._folder, self._number))))


@dataclasses.dataclass(frozen=True)
class _Failed:
  """Stands in the place of the next stage when a user's mistake was found."""

  error: UserError

  def __call__(self) -> Begun:
    return Begun((), self)


def _begun(stage: Stage | Result) -> Begun:
  """The stage, begun; after the last one nothing is left to do."""
  if isinstance(stage, Result):
    return Begun((), stage)
  try:
    return stage()
  except UserError as error:  # kept for the process that tells the user: an engine would make a traceback of it
    return Begun((), _Failed(error))


def _saved_jobs(folder: str, number: int, begun: Begun) -> list[str]:
  """Writes the next stage, and the jobs of this one, each to a file of its own. Returns the jobs' files."""
  work_list.save_at(_stage_in(folder, number + 1), begun.then)
  return [_saved_job(folder, number, index, job) for index, job in enumerate(begun.jobs)] or [_NOTHING]


def _saved_job(folder: str, number: int, index: int, job: Job) -> str:
  return work_list.save(folder, f'stage-{number}-job-{index:06}', job)


def _stage_in(folder: str, number: int) -> str:
  return posixpath.join(folder, f'stage-{number}.work')
