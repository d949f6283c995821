"""Runs ingestion: exec properties in, examples and report out."""

import dataclasses
import gc
import json
from collections.abc import Sequence
from typing import Any

from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact, artifact_utils

from components.artifacts import IngestReport
from components.voc_example_gen import (
  beam_ingest,
  digests,
  listing,
  parallelism,
  plan,
  spread_listing,
  spread_plan,
  spread_sums,
  sums,
  work_list,
)
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.report import page, summary
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.settle import Settled
from components.voc_example_gen.shard_writer import ShardWriter
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN
from detection import kept_scans
from detection.base import files
from detection.base.progress import Progress
from detection.base.settings import parse_settings

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
    """Plans, writes all shards on Beam, and reports what became of each image.

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
      planned = self._plan(exec_properties['data_root'], settings, known, work_uri)
      planned, splits, tally = self._write(planned, settings, examples.uri, work_uri)
      summary.require_usable(planned, tally, settings.max_bad_fraction)
      planned = _with_changes(planned, known)
      _write_report(planned, tally, report_uri)
    except BaseException:
      for split in (TRAIN, EVAL, TEST):
        files.rmtree_if_there(files.join(examples.uri, f'Split-{split}'))
      files.remove_if_there(files.join(examples.uri, kept_scans.FILE_NAME))
      raise
    finally:
      files.rmtree_if_there(work_uri)
    _describe(examples, splits, planned.fingerprint)
    print(summary.in_short(tally), 'See', files.join(report_uri, IngestReport.PAGE_NAME), flush=True)

  def _plan(self, root: str, settings: IngestSettings, known: str, work_uri: str) -> plan.Plan:
    """Lists and pairs the folder: a large one on Beam, where that can be done."""
    tree = spread_listing.read(root, work_uri)
    if isinstance(tree, Tree):
      return plan.of_tree(tree, settings, known=known)
    beam_args, _ = parallelism.choose(self._beam_pipeline_args, tree.files // 2)
    self._beam_pipeline_args: list[str] = beam_args
    planned = spread_plan.make(tree, settings, work_uri, self._run_jobs, known)
    if planned is None:
      print(f'{tree.root}: {tree.files} files are paired in one process; docs/data.md, "Scale", says why', flush=True)
      planned = plan.of_tree(tree.whole(), settings, known=known)
    return planned

  def _run_jobs(self, paths: Sequence[str]) -> None:
    with self._make_beam_pipeline() as pipeline:
      beam_ingest.run_all(pipeline, paths, beam_ingest.RunJob())

  def _write(
    self, planned: plan.Plan, settings: IngestSettings, examples_uri: str, work_uri: str
  ) -> tuple[plan.Plan, tuple[str, ...], summary.Tally]:
    """Writes all shards, and adds up what became of the images; work_uri gets what workers need.

    Returns:
      The plan, settled; the splits that have images; and the sums.
    """
    beam_args, threads = parallelism.choose(self._beam_pipeline_args, planned.images)
    self._beam_pipeline_args = beam_args
    outcomes_uri = files.join(work_uri, 'outcomes')
    writer = ShardWriter(planned.root, examples_uri, outcomes_uri, planned.placing, settings.keep_negatives, threads)
    paths = [work_list.save(work_uri, f'{shard.split}-{shard.name}', shard) for shard in planned.shards]
    with beam_ingest.showing(Progress(planned.images)), self._make_beam_pipeline() as pipeline:
      beam_ingest.run_all(pipeline, paths, beam_ingest.WriteShard(writer))
    adding = self._sums(planned, writer, work_uri)
    planned, found = adding.settled(planned)
    if found.moves:
      self._move(planned, found, writer, work_uri)
    kept_scans.write(examples_uri, writer.scans(planned.shards))
    for split in (TRAIN, EVAL, TEST):
      folder = files.join(examples_uri, f'Split-{split}')
      if split in found.splits:
        files.remove_unfinished(folder)  # of a worker that was killed, and whose work another one has done
      else:
        files.rmtree_if_there(folder)
    return planned, found.splits, adding.gather(planned, found)

  def _sums(self, planned: plan.Plan, writer: ShardWriter, work_uri: str) -> sums.Sums | spread_sums.Sums:
    if planned.images < spread_sums.MANY:
      return sums.Sums(planned, writer)
    return spread_sums.Sums(planned, writer, files.join(work_uri, 'sums'), self._run_jobs)

  def _move(self, planned: plan.Plan, found: Settled, writer: ShardWriter, work_uri: str) -> None:
    """Puts images into the splits that they belong to. The old files stay until all new ones are written."""
    target_uri = files.join(work_uri, 'moved')
    moved, paths = [], []
    for shard in planned.shards:
      images = (outcome.image for outcome in writer.outcomes([shard]))
      moves = {image: found.moves[image] for image in images if image in found.moves}
      if moves:
        empty = dataclasses.replace(shard, tasks=())
        moved.append(empty)
        paths.append(work_list.save(work_uri, f'move-{shard.split}-{shard.name}', (empty, moves)))
    with self._make_beam_pipeline() as pipeline:
      beam_ingest.run_all(pipeline, paths, beam_ingest.MoveRecords(writer, target_uri))
    for shard in moved:
      old = writer.files_of(shard, writer.examples_uri)
      for split, path in writer.files_of(shard, target_uri).items():
        files.rename(path, old[split])


def _write_report(planned: plan.Plan, tally: summary.Tally, report_uri: str) -> None:
  report = summary.as_dict(planned, tally)
  files.write_text(files.join(report_uri, IngestReport.FILE_NAME), summary.as_json(report))
  files.write_text(files.join(report_uri, IngestReport.PAGE_NAME), page.render(planned, report))


def _with_changes(planned: plan.Plan, known: str) -> plan.Plan:
  """The plan, with a warning if the folder is no longer what was listed; known: the driver's fingerprint or ''."""
  states = {planned.state, listing.state_of(planned.root)}
  if len(states) == 1 and known in ('', planned.fingerprint):
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
