"""Stages as one Beam pipeline, whose elements are names of files with jobs: no image and no row is passed by Beam.

Memory is that of one job per worker, however many images there are, and every runner writes the same bytes. Imports no
TensorFlow: a worker process has to import this module.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import apache_beam as beam

from components.voc_example_gen.spread import saved_stages, worker_processes
from components.voc_example_gen.spread.stages import Result, Stage

T = TypeVar('T')
Element = tuple[str, int]  # a file with a job, or _ALL; and _ONE, as Beam groups pairs alone
_ALL, _ONE = 'all jobs', 1
_NOTHING = ''  # a job that does nothing: a stage without jobs comes to its end as well
# Jobs of a bundle that run at a time. With two, a worker that was given more jobs than another one uses its processes
# when that has none left; with more, an engine that starts a worker for each core would have many processes for each.
_AT_A_TIME = 2


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
    jobs = pipeline | f'Begin {names[0]}' >> beam.Create([(path, _ONE) for path in paths])
    for number, (name, following) in enumerate(itertools.zip_longest(names, names[1:]), start=1):
      spread = jobs | f'Spread {name}' >> _Spread()
      done = spread | name >> beam.ParDo(_RunJob(processes, after_job))
      # After the last stage, too: Prism keeps a core busy while jobs run whose output nothing takes.
      all_done = done | f'End {name}' >> beam.GroupByKey()
      if following:
        jobs = all_done | f'Begin {following}' >> beam.ParDo(_Begin(processes, folder, number))
  return saved_stages.result(folder, len(names))


@beam.typehints.with_input_types(Element)
@beam.typehints.with_output_types(Element)
class _Spread(beam.Reshuffle):
  """Spreads jobs over all workers; without, one would get all.

  An engine that knows Beam's Reshuffle, as Flink does, deals them out in turns. Others group them, in two transforms
  where Beam's own takes five, as every transform makes a job begin later.
  """

  def expand(self, jobs: beam.PCollection) -> beam.PCollection:
    return jobs | beam.GroupByKey() | beam.Map(lambda job: (job[0], _ONE)).with_output_types(Element)


class _Do(beam.DoFn):
  """Does work here or in a process of its own. processes: that do so at a time, at most; 0 for here."""

  def __init__(self, processes: int) -> None:
    super().__init__()
    self._processes = processes

  def _do(self, work: Callable[[], T]) -> T:
    return worker_processes.POOL.run(work, self._processes) if self._processes else work()


@beam.typehints.with_input_types(Element)
@beam.typehints.with_output_types(Element)
class _RunJob(_Do):
  """Runs the job in a file; yields something to group, which is there when all jobs of the bundle are done."""

  def __init__(self, processes: int, after_job: Callable[[Any], object]) -> None:
    super().__init__(processes)
    self._after_job = after_job

  def start_bundle(self) -> None:
    self._threads = ThreadPoolExecutor(_AT_A_TIME)
    self._running: set[Future[Any]] = set()

  def process(self, job: Element) -> list[Element]:
    path, _ = job
    if path and self._processes:
      if len(self._running) == _AT_A_TIME:
        self._wait(FIRST_COMPLETED)
      self._running.add(self._threads.submit(self._do, functools.partial(saved_stages.run, path)))
    elif path:
      saved_stages.run(path)
    return [(_ALL, _ONE)]

  def finish_bundle(self) -> None:
    with self._threads:
      self._wait(ALL_COMPLETED)

  def _wait(self, until: str) -> None:
    done, self._running = wait(self._running, return_when=until)
    for job in done:
      self._after_job(job.result())


@beam.typehints.with_input_types(tuple[str, Iterable[int]])
@beam.typehints.with_output_types(Element)
class _Begin(_Do):
  """Begins the stage of a number, when all jobs before it are done; yields the files with its jobs."""

  def __init__(self, processes: int, folder: str, number: int) -> None:
    super().__init__(processes)
    self._folder, self._number = folder, number

  def process(self, done: tuple[str, Iterable[int]]) -> list[Element]:
    paths = self._do(functools.partial(saved_stages.begin, self._folder, self._number)) or [_NOTHING]
    return [(path, _ONE) for path in paths]
