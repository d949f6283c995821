"""Runs ingestion: exec properties in, examples and report out."""

import contextlib
import dataclasses
import functools
import gc
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import apache_beam as beam
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact, artifact_utils

from components.artifacts import IngestReport
from components.voc_example_gen import digests, moving, parallelism, plan, sums, writing
from components.voc_example_gen.report import page, summary
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN
from components.voc_example_gen.spread import (
  beam_stages,
  list_stages,
  local_stages,
  spread_plan,
  spread_sums,
  stages,
  worker_processes,
)
from components.voc_example_gen.spread.stages import Result, Stage
from components.voc_example_gen.writing import Output, Written
from detection import kept_scans
from detection.base import beam_options, files
from detection.base.progress import Progress
from detection.base.settings import parse_settings

_WRITE_AND_ADD_UP = (*writing.STAGES, *spread_sums.STAGES)
_MANY = sys.maxsize  # images, where only listing tells how many there are
_CHANGED = (
  'Files were added, removed or changed while the folder was read, and may be read as they were before or after. '
  'Run again to read the folder as it is now.'
)


class Executor(base_beam_executor.BaseBeamExecutor):
  """Writes the splits of `examples` and the `ingest_report`."""

  def Do(
    self,
    input_dict: dict[str, list[artifact.Artifact]],
    output_dict: dict[str, list[artifact.Artifact]],
    exec_properties: dict[str, Any],
  ) -> None:
    """Plans, writes all shards, and reports what became of each image.

    Raises:
      DataError: if the folder cannot be used, or too much of it is refused; nothing is left in `examples` then.
    """
    # TensorFlow and TFX leave a million objects behind; every garbage collection during planning would visit them all.
    gc.freeze()
    settings = settings_of(exec_properties)
    examples = artifact_utils.get_single_instance(output_dict['examples'])
    report_uri = artifact_utils.get_single_uri(output_dict['ingest_report'])
    known = exec_properties.get(digests.FINGERPRINT) or ''
    work_uri = files.join(report_uri, 'work')
    try:
      task = _Task(exec_properties['data_root'], settings, known, examples.uri, work_uri, self._beam_pipeline_args)
      with contextlib.closing(worker_processes.POOL):
        done = self._ingest(task)
      moving.put_in_place(done.written, done.settled)
      kept_scans.write(examples.uri, done.written.writer.scans(done.planned.shards))
      _tidy(examples.uri, done.settled.splits)
      tally = done.tally()
      summary.require_usable(done.planned, tally, settings.max_bad_fraction)
      planned = _with_changes(done.planned, known, done.state_now())
      _write_report(planned, tally, report_uri)
    except BaseException:
      for split in (TRAIN, EVAL, TEST):
        files.rmtree_if_there(files.join(examples.uri, f'Split-{split}'))
      files.remove_if_there(files.join(examples.uri, kept_scans.FILE_NAME))
      raise
    finally:
      files.rmtree_if_there(work_uri)
    _describe(examples, done.settled.splits, planned.fingerprint)
    print(summary.in_short(tally), 'See', files.join(report_uri, IngestReport.PAGE_NAME), flush=True)

  def _ingest(self, task: '_Task') -> sums.Sums:
    """Reads all images and writes the examples; all that is done for a large folder, from its listing on, is one run of
    stages: on an engine, one Beam pipeline."""
    tree = list_stages.begin(task.root, task.work_uri, counted=task.start_workers)
    if isinstance(tree, list_stages.Large):
      images = _MANY if tree.names is None else tree.names
      output = task.output(images, spread_sums.HandingOn.of)
      pairing = spread_plan.pairing(task.settings, tree.has_xml)
      planning = spread_plan.Planning(task.settings, task.work_uri, output, task.known, pairing)
      names = (*tree.stages, *planning.stages, *_WRITE_AND_ADD_UP)
      if done := self._run(tree.stage(planning), names, task, images):
        return done
      tree = list_stages.tree_in(task.work_uri).whole()
      count = len(tree.files)
      print(f'{tree.root}: {count} files are paired in one process; docs/data.md, "Scale", says why', flush=True)
    planned = plan.of_tree(tree, task.settings, known=task.known)
    run = self._run_many if planned.images >= spread_sums.MANY else self._run_few
    return run(planned, task).with_tasks_of(planned)

  def _run_many(self, planned: plan.Plan, task: '_Task') -> sums.Sums:
    write = task.output(planned.images, spread_sums.HandingOn.of)(planned)
    return self._run(write, _WRITE_AND_ADD_UP, task, planned.images)

  def _run_few(self, planned: plan.Plan, task: '_Task') -> sums.Sums:
    """A second run is needed only if images move: this process settles few images sooner than a stage begins."""
    written = self._run(task.output(planned.images, Result)(planned), writing.STAGES, task, planned.images)
    return self._run(sums.Settling(written), sums.STAGES, task, planned.images)

  def _run(self, first: Stage, names: Sequence[str], task: '_Task', images: int) -> Any:
    """Runs the stages of these names, and shows the images that are written. images: at most."""
    chosen = parallelism.choose(task.beam_args, images)
    with writing.showing(Progress(None)):
      if chosen.beam_args is not None:
        make = functools.partial(self._pipeline, chosen.beam_args)
        return beam_stages.run(make, task.work_uri, first, names, chosen.processes, writing.advance)
      if chosen.processes:
        return local_stages.run(first, task.work_uri, names, chosen.processes, writing.advance)
      return stages.run(first, _run_here)

  def _pipeline(self, beam_args: list[str]) -> beam.Pipeline:
    beam_options.require_server(beam_args)
    self._beam_pipeline_args = beam_args
    return self._make_beam_pipeline()


def _run_here(jobs: Sequence[stages.Job]) -> None:
  for job in jobs:
    job()


@dataclasses.dataclass(frozen=True)
class _Task:
  """What is to be done.

  Attributes:
    root: the data folder.
    settings: the user's choices.
    known: the driver's fingerprint of the folder by content, or ''.
    examples_uri: gets the examples.
    work_uri: gets what workers need.
    beam_args: as the user gave them.
  """

  root: str
  settings: IngestSettings
  known: str
  examples_uri: str
  work_uri: str
  beam_args: list[str]

  def start_workers(self, names: int) -> None:
    """Starts the processes that a folder with so many names will need: they begin while it is listed and planned."""
    worker_processes.POOL.start(parallelism.ahead(self.beam_args, names), writing.__name__)

  def output(self, images: int, then: Callable[[Written], Stage | Result]) -> Output:
    """Where and how so many images are written."""
    threads = parallelism.threads(self.root, self.beam_args, images)
    return Output(self.examples_uri, self.settings.keep_negatives, threads, self.work_uri, then)


def _tidy(examples_uri: str, filled: Sequence[str]) -> None:
  """Removes what is left of splits without images, and of workers that were killed."""
  for split in (TRAIN, EVAL, TEST):
    folder = files.join(examples_uri, f'Split-{split}')
    if split in filled:
      files.remove_unfinished(folder)  # of a worker that was killed, and whose work another one has done
    else:
      files.rmtree_if_there(folder)


def _write_report(planned: plan.Plan, tally: summary.Tally, report_uri: str) -> None:
  report = summary.as_dict(planned, tally)
  files.write_text(files.join(report_uri, IngestReport.FILE_NAME), summary.as_json(report))
  files.write_text(files.join(report_uri, IngestReport.PAGE_NAME), page.render(planned, report))


def _with_changes(planned: plan.Plan, known: str, state: str) -> plan.Plan:
  """The plan, with a warning if the folder is no longer what was listed.

  known: the driver's fingerprint or ''; state: of the folder when all images have been read.
  """
  if planned.state == state and known in ('', planned.fingerprint):
    return planned
  return dataclasses.replace(planned, warnings=(*planned.warnings, _CHANGED))


def settings_of(exec_properties: dict[str, Any]) -> IngestSettings:
  """Typed settings from exec properties, where mappings are JSON and booleans may be numbers."""
  return parse_settings(
    IngestSettings,
    {
      'data_format': exec_properties.get('data_format') or 'auto',
      'split': json.loads(exec_properties.get('split') or '{}'),
      'max_bad_fraction': exec_properties.get('max_bad_fraction', 0.05),
      'keep_negatives': bool(exec_properties.get('keep_negatives', True)),
      'fingerprint': exec_properties.get('fingerprint') or digests.LISTING,
    },
    'data',
  )


def _describe(examples: artifact.Artifact, splits: Sequence[str], fingerprint: str) -> None:
  """Sets what later components read from the examples artifact."""
  examples.split_names = artifact_utils.encode_split_names(list(splits))
  examples.set_string_custom_property(digests.FINGERPRINT, fingerprint)
  examples_utils.set_payload_format(examples, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
