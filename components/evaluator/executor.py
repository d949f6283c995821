"""MapEvaluator's executor: read artifacts, measure, judge, write artifacts."""

import functools
import json
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tfx.components.evaluator import constants
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact, artifact_utils

from components.artifacts import LabelMap
from components.evaluator import document, evaluation, exports, facts, inference, report, servability, verdict
from detection import model_folder
from detection.base import files
from detection.base.errors import DataError
from detection.metrics import bootstrap
from detection.odapi import label_map

CLASSES_FILE = 'per_class.csv'
REPORT_FILE = 'report.html'
TRAIN_SPLIT = 'train'

Artifacts = Mapping[str, Sequence[artifact.Artifact]]


class Executor(base_beam_executor.BaseBeamExecutor):
  """Runs the model over the split on Beam, scores it beside the baseline, writes evaluation and blessing."""

  def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Mapping[str, Any]) -> None:  # noqa: N802
    """Measures the model and blesses it or not.

    Raises:
      DataError: if the split has no images, or names classes that the label map has not.
      ConfigError: if a threshold names no class of the label map.
    """
    model = artifact_utils.get_single_instance(list(input_dict['model']))
    uri = files.join(artifact_utils.get_single_uri(list(input_dict['label_map'])), LabelMap.FILE_NAME)
    labels = label_map.parse(files.read_text(uri), where=uri)
    bounds = verdict.Bounds(
      thresholds=json.loads(exec_properties['thresholds']),
      min_improvement=float(exec_properties['min_improvement']),
      max_class_drop=exec_properties.get('max_class_drop'),
    )
    bounds.check_classes(labels)
    settings = evaluation.Settings(exec_properties['iou'], exec_properties['slice_pattern'])
    examples = _example_files(input_dict['examples'], exec_properties['split'])
    baseline = _baseline(input_dict, exec_properties['baseline_destination'])
    candidate = model_folder.serving(model.uri)

    measured = before = None
    unservable = servability.problem(candidate)
    if unservable:
      judged = verdict.refused(f'The exported model does not serve: {unservable}')
    else:
      measured = self._measure(candidate, examples, labels, settings)
      before = self._measure(baseline, examples, labels, settings) if baseline else None
      judged = _judge(measured, before, bounds)
    exported = self._exported(input_dict, candidate, measured, examples, labels, settings) if measured else []
    told = _background(input_dict, model, baseline, self._count(input_dict['examples']))
    target = artifact_utils.get_single_uri(list(output_dict['evaluation']))
    content = document.build(measured, before, judged, told.sources, told.facts, exported)
    text = json.dumps(content, indent=2, allow_nan=False) + '\n'
    files.write_text(files.join(target, model_folder.METRICS), text)
    if measured:
      files.write_text(files.join(target, CLASSES_FILE), evaluation.class_table(measured))
    fetch = functools.partial(inference.pictures, examples, labels=labels)
    files.write_text(files.join(target, REPORT_FILE), report.page(judged, told, measured, before, fetch, exported))
    _write_blessing(artifact_utils.get_single_instance(list(output_dict['blessing'])), model, input_dict, judged)
    logging.info('%s: %s', 'BLESSED' if judged.blessed else 'NOT BLESSED', judged.reason)

  def _measure(
    self, model: str, examples: Sequence[str], labels: Mapping[str, int], settings: evaluation.Settings
  ) -> evaluation.Evaluation:
    begun = time.monotonic()
    with self._scratch() as folder:
      with self._make_beam_pipeline() as pipeline:
        inference.evaluate(pipeline, examples, model, labels, folder)
      results = inference.read_parts(folder)
    seconds = time.monotonic() - begun
    print(f'{model}: {len(results.names)} images in {seconds:.1f} s, loading included', flush=True)
    if not len(results.names):
      raise DataError(f'{examples[0]}: the split to evaluate has no images. See data.split in the run config.')
    return evaluation.score(results, labels, settings, bootstrap.draws(len(results.names), len(results.scores)))

  def _exported(
    self,
    inputs: Artifacts,
    model: str,
    measured: evaluation.Evaluation,
    examples: Sequence[str],
    labels: Mapping[str, int],
    settings: evaluation.Settings,
  ) -> list[exports.Exported]:
    """The SavedModel and the files made from it, side by side; empty if there are none of these."""
    if not inputs.get('exports'):
      return []
    folder = artifact_utils.get_single_uri(list(inputs['exports']))
    images = inference.first_images(examples, exports.TIMED_IMAGES)
    rows = [exports.measure('SavedModel', model, measured.metrics, images)]
    for path in sorted(files.glob(files.join(folder, '*'))):
      metrics = self._measure(path, examples, labels, settings).metrics
      rows.append(exports.measure(os.path.basename(path), path, metrics, images))
    return rows

  def _count(self, examples: Sequence[artifact.Artifact]) -> dict[str, int]:
    """Objects a class in the training split, for the report; empty if there is no such split."""
    if not all(TRAIN_SPLIT in artifact_utils.decode_split_names(one.split_names) for one in examples):
      return {}
    with self._scratch() as folder:
      with self._make_beam_pipeline() as pipeline:
        inference.count_classes(pipeline, _example_files(examples, TRAIN_SPLIT), folder)
      return inference.read_counts(folder)

  def _scratch(self) -> Any:
    """A folder that every Beam worker can reach, gone afterwards."""
    if self._context:
      return _Folder(self._get_tmp_dir())
    return tempfile.TemporaryDirectory()


class _Folder:
  """A new folder below `base`, on any file system, removed at the end."""

  def __init__(self, base: str) -> None:
    self._uri = files.join(base, f'evaluation-{uuid.uuid4().hex[:8]}')

  def __enter__(self) -> str:
    files.makedirs(self._uri)
    return self._uri

  def __exit__(self, *error: object) -> None:
    files.rmtree(self._uri)


def _example_files(examples: Sequence[artifact.Artifact], split: str) -> list[str]:
  found: list[str] = []
  for uri in artifact_utils.get_split_uris(list(examples), split):
    found += files.glob(files.join(uri, '*'))
  if not found:
    raise DataError(f'examples: the split "{split}" has no files. Expected TFRecord files of at least one image.')
  return sorted(found)


def _baseline(inputs: Artifacts, destination: str) -> str:
  """The model in production: the artifact if there is one, else the highest version pushed, else none ('')."""
  if inputs.get('baseline'):
    return model_folder.serving(artifact_utils.get_single_uri(list(inputs['baseline'])))
  if not destination:
    return ''
  return model_folder.find_saved_model(destination) if model_folder.versions(destination) else ''


def _judge(
  measured: evaluation.Evaluation, before: evaluation.Evaluation | None, bounds: verdict.Bounds
) -> verdict.Verdict:
  if before is None:
    return verdict.judge(measured.metrics, measured.per_class(), bounds)
  return verdict.judge(measured.metrics, measured.per_class(), bounds, before.metrics, before.per_class())


def _background(
  inputs: Artifacts, model: artifact.Artifact, baseline: str, train_objects: Mapping[str, int]
) -> report.Background:
  model_run = artifact_utils.get_single_uri(list(inputs['model_run'])) if inputs.get('model_run') else ''
  examples = artifact_utils.get_single_instance(list(inputs['examples']))
  fingerprint = examples.get_string_custom_property('input_fingerprint')
  return report.Background(
    sources={'model': model.uri, 'baseline': baseline},
    facts=facts.collect(model.uri, model_run, fingerprint),
    history=facts.history(model_run),
    trained=facts.trained(model.uri),
    train_objects=train_objects,
  )


def _write_blessing(
  blessing: artifact.Artifact, model: artifact.Artifact, inputs: Artifacts, judged: verdict.Verdict
) -> None:
  """As TFX's Evaluator does, so that its resolver and other tools read it; the file also says why."""
  blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
  blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
  if inputs.get('baseline'):
    baseline = artifact_utils.get_single_instance(list(inputs['baseline']))
    blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
  blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BLESSING_MESSAGE_KEY, judged.reason)
  name = constants.BLESSED_FILE_NAME if judged.blessed else constants.NOT_BLESSED_FILE_NAME
  files.write_text(files.join(blessing.uri, name), judged.reason + '\n')
  value = constants.BLESSED_VALUE if judged.blessed else constants.NOT_BLESSED_VALUE
  blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)
