"""Stages as one Beam pipeline, whose elements are names of files with jobs: no image and no row is passed by Beam.

Memory is that of one job per worker, however many images there are, and every runner writes the same bytes. Imports no
TensorFlow: a worker process has to import this module.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import apache_beam as beam

from components.voc_example_gen.spread import saved_stages, worker_processes
from components.voc_example_gen.spread.stages import Result, Stage

T = TypeVar('T')
_ALL = 'all jobs'
_NOTHING = ''  # a job that does nothing: a stage without jobs comes to its end as well


def run(
  make_pipeline: Callable[[], beam.Pipeline],
  folder: str,
  first: Stage,
  names: Sequence[str],
  processes: int = 0,
  after_job: Callable[[Any], object] = lambda result: None,
) -> Any:
  """Runs a stage and all that follow; without a pipeline, if nothing is to be done.

  Args:
    make_pipeline: makes the pipeline, which is run at the end of its `with` block.
    folder: gets the files with stages and jobs.
    first: begins in this process; all others begin on a worker.
    names: of the stages, as an engine shows them; at least as many as there are.
    processes: how many a worker of the engine uses at a time for stages and jobs, at most; 0 if it runs them itself.
    after_job: called on the worker with what a job has returned, if it ran in a process. Picklable.

  Returns:
    The Result's value.

  Raises:
    UserError: if a stage raises it.
  """
  begun = first()
  if not begun.jobs and isinstance(begun.then, Result):
    return begun.then.value
  paths = saved_stages.save(folder, 0, begun) or [_NOTHING]
  with contextlib.closing(worker_processes.POOL), make_pipeline() as pipeline:
    jobs = pipeline | f'Begin {names[0]}' >> beam.Create(paths)
    for number, (name, following) in enumerate(itertools.zip_longest(names, names[1:]), start=1):
      # Without a reshuffle, one worker would get all jobs.
      run_job = beam.ParDo(_RunJob(processes, after_job))
      done = jobs | f'Spread {name}' >> beam.Reshuffle() | name >> run_job
      if following:
        jobs = done | f'End {name}' >> _End() | f'Begin {following}' >> beam.ParDo(_Begin(processes, folder, number))
  return saved_stages.result(folder, len(names))


class _Do(beam.DoFn):
  """Does work here or in a process of its own. processes: that do so at a time, at most; 0 for here."""

  def __init__(self, processes: int) -> None:
    super().__init__()
    self._processes = processes

  def _do(self, work: Callable[[], T]) -> T:
    return worker_processes.POOL.run(work, self._processes) if self._processes else work()


@beam.typehints.with_input_types(str)
@beam.typehints.with_output_types(str)
class _RunJob(_Do):
  """Runs the job in a file; yields something to count."""

  def __init__(self, processes: int, after_job: Callable[[Any], object]) -> None:
    super().__init__(processes)
    self._after_job = after_job

  def process(self, path: str) -> list[str]:
    if path != _NOTHING:
      result = self._do(functools.partial(saved_stages.run, path))
      if self._processes:
        self._after_job(result)
    return [_ALL]


@beam.typehints.with_input_types(str)
class _End(beam.PTransform):
  """One element, when all jobs of a stage are done."""

  def expand(self, done: beam.PCollection) -> beam.PCollection:
    return done | beam.Map(lambda key: (key, 1)) | beam.CombinePerKey(sum)


@beam.typehints.with_output_types(str)
class _Begin(_Do):
  """Begins the stage of a number; yields the files with its jobs."""

  def __init__(self, processes: int, folder: str, number: int) -> None:
    super().__init__(processes)
    self._folder, self._number = folder, number

  def process(self, done: tuple[str, int]) -> Iterable[str]:
    return self._do(functools.partial(saved_stages.begin, self._folder, self._number)) or [_NOTHING]
