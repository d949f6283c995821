"""MapEvaluator's executor: reads artifacts, measures on Beam, judges, writes artifacts."""

import contextlib
import functools
import logging
import os
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact, artifact_utils

from components.evaluator import (
  blessing,
  class_counts,
  document,
  evaluation,
  examples,
  exports,
  facts,
  inference,
  report,
  request,
  servability,
  verdict,
)
from components.evaluator.evaluation import Evaluation
from components.evaluator.request import Request
from components.evaluator.result import Background, EvaluationResult
from detection import kept_scans, model_folder, tracking
from detection.base import beam_options, files, progress
from detection.base.errors import DataError

CLASSES_FILE = 'per_class.csv'
REPORT_FILE = 'report.html'

Artifacts = Mapping[str, Sequence[artifact.Artifact]]


class Executor(base_beam_executor.BaseBeamExecutor):
  """Measures the model on the split, compares it with the baseline, writes evaluation and blessing."""

  def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Mapping[str, Any]) -> None:
    """Measures the model and blesses it or not.

    Raises:
      DataError: if the split has no images, or names classes that the label map has not.
      ConfigError: if a threshold names no class of the label map.
    """
    asked = request.read(input_dict, exec_properties)
    tracker = tracking.from_environment()
    result = self._evaluate(asked)
    evaluation_uri = artifact_utils.get_single_uri(list(output_dict['evaluation']))
    _write(result, asked.examples, evaluation_uri)
    blessed = artifact_utils.get_single_instance(list(output_dict['blessing']))
    blessing.write(blessed, result.verdict, asked.model, asked.baseline)
    tracker.log_evaluation(evaluation_uri)
    logging.info('%s: %s', 'BLESSED' if result.verdict.blessed else 'NOT BLESSED', result.verdict.reason)

  def _evaluate(self, asked: Request) -> EvaluationResult:
    beam_options.require_server(self._beam_pipeline_args or ())
    problem = servability.problem(asked.saved_model)
    if problem:
      refusal = verdict.refused(f'The exported model does not serve: {problem}')
      return EvaluationResult(refusal, self._background(asked))
    model = self._measure(asked.saved_model, asked)
    baseline = self._measure(asked.baseline_model, asked) if asked.baseline_model else None
    return EvaluationResult(
      verdict=_judge(model, baseline, asked.bounds),
      exports=self._measure_exports(model, asked),
      background=self._background(asked),
      model=model,
      baseline=baseline,
    )

  def _measure(self, model: str, asked: Request) -> Evaluation:
    """Runs the model at `model`, as Detector takes it, over the split, and scores it."""
    begun = time.monotonic()
    with self._scratch_folder() as folder:
      with self._make_beam_pipeline() as pipeline:
        step = inference.DetectAndMatch(model, asked.class_ids, folder, asked.tiles, asked.settings.iou)
        inference.evaluate(pipeline, asked.examples, step)
      scored = evaluation.score(inference.matched(folder), asked.labels, asked.settings)
    progress.write_line(
      f'{model}: {scored.images} images in {time.monotonic() - begun:.1f} s, loading and metrics included'
    )
    if not scored.images:
      raise DataError(f'{asked.examples[0]}: the split to evaluate has no images. See data.split in the run config.')
    return scored

  def _measure_exports(self, model: Evaluation, asked: Request) -> list[exports.Exported]:
    """The SavedModel and the files made from it, side by side; empty if there are no such files."""
    if not asked.exports:
      return []
    images = examples.first_images(asked.examples, exports.TIMED_IMAGES)
    rows = [exports.measure('SavedModel', asked.saved_model, model.metrics, images)]
    for path in asked.exports:
      metrics = self._measure(path, asked).metrics
      rows.append(exports.measure(os.path.basename(path), path, metrics, images))
    return rows

  def _background(self, asked: Request) -> Background:
    return Background(
      sources={'model': asked.model.uri, 'baseline': asked.baseline_model},
      facts=facts.collect(asked.model.uri, asked.model_run, asked.fingerprint),
      history=facts.history(asked.model_run),
      trained=facts.trained(asked.model.uri),
      train_objects=self._count_train_objects(asked),
    )

  def _count_train_objects(self, asked: Request) -> dict[str, int]:
    kept = kept_scans.read(asked.train_examples)
    if len(kept) == len(asked.train_examples):
      counts = sum((Counter(scan.objects) for scan in kept.values()), Counter())
      return class_counts.by_label(counts, asked.class_ids, asked.labels)
    with self._scratch_folder() as folder:
      with self._make_beam_pipeline() as pipeline:
        class_counts.count(pipeline, asked.train_examples, folder)
      return class_counts.by_label(class_counts.read(folder), asked.class_ids, asked.labels)

  @contextlib.contextmanager
  def _scratch_folder(self) -> Iterator[str]:
    """A new folder that every Beam worker can reach; removed at the end."""
    base = self._get_tmp_dir() if self._context else tempfile.gettempdir()
    folder = files.join(base, f'evaluation-{uuid.uuid4().hex[:8]}')
    files.makedirs(folder)
    try:
      yield folder
    finally:
      files.rmtree(folder)


def _judge(model: Evaluation, baseline: Evaluation | None, bounds: verdict.Bounds) -> verdict.Verdict:
  before = (baseline.metrics, baseline.per_class()) if baseline else (None, None)
  return verdict.judge(model.metrics, model.per_class(), bounds, *before)


def _write(result: EvaluationResult, example_files: Sequence[str], folder: str) -> None:
  """Writes metrics.json, the table of classes and the report; `example_files` hold the report's images."""
  files.write_text(files.join(folder, model_folder.METRICS), document.text(result))
  if result.model:
    files.write_text(files.join(folder, CLASSES_FILE), evaluation.class_table(result.model))
  fetch = functools.partial(examples.encoded_images, example_files)
  files.write_text(files.join(folder, REPORT_FILE), report.page(result, fetch))
