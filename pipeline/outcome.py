"""How a run ended, read from the metadata store: the last lines of `detection-pipeline run`."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as mlmd

from detection import model_folder
from detection.base import files


@dataclasses.dataclass(frozen=True)
class Step:
  """One step of a run. cached: its outputs are those of an earlier run. outputs: {type name: artifact}."""

  name: str
  cached: bool
  outputs: Mapping[str, mlmd.Artifact]


@dataclasses.dataclass(frozen=True)
class Outcome:
  """A whole run.

  steps: by name, in the order they ran.
  metrics: the evaluator's metrics.json.
  pushed: folder of the pushed version, '' when nothing was pushed.
  report, logs: where the evaluation report and the TensorBoard logs are; no logs ('') where nothing was trained.
  """

  steps: Mapping[str, Step]
  metrics: Mapping[str, Any]
  pushed: str
  report: str
  logs: str


def read(connection: mlmd.ConnectionConfig, pipeline_name: str) -> Outcome:
  """Reads the latest run of a pipeline."""
  store = ml_metadata.MetadataStore(connection)
  runs = [c for c in store.get_contexts_by_type('pipeline_run') if _belongs(store, c, pipeline_name)]
  steps = {step.name: step for step in _steps(store, max(runs, key=lambda context: context.id))}
  evaluation = steps['MapEvaluator'].outputs['ModelEvaluation'].uri
  pushed = steps['DetectionPusher'].outputs['PushedModel'].custom_properties
  trainer = steps.get('ODAPITrainer')
  return Outcome(
    steps=steps,
    metrics=json.loads(files.read_text(files.join(evaluation, model_folder.METRICS))),
    pushed=pushed['pushed_destination'].string_value if pushed['pushed'].int_value else '',
    report=os.path.join(evaluation, 'report.html'),
    logs=os.path.join(trainer.outputs['ModelRun'].uri, 'logs') if trainer else '',
  )


def describe(outcome: Outcome) -> str:
  """The last lines of `run`."""
  verdict = outcome.metrics['verdict']
  cached = [step.name for step in outcome.steps.values() if step.cached]
  lines = [f'mAP: {_scores(outcome.metrics)}']
  lines += [f'baseline: {_scores(outcome.metrics, "baseline")}'] if outcome.metrics['baseline'] else ['baseline: none']
  lines.append(f'{"blessed" if verdict["blessed"] else "NOT BLESSED"}: {verdict["reason"]}')
  lines.append(f'pushed model: {outcome.pushed or "none"}')
  lines.append(f'report: {outcome.report}')
  lines += [f'TensorBoard: tensorboard --logdir {outcome.logs}'] if outcome.logs else []
  if cached:
    lines.append(f'from the cache: {len(cached)} of {len(outcome.steps)} steps')
  return '\n'.join(lines)


def _scores(metrics: Mapping[str, Any], model: str = 'model') -> str:
  if not metrics[model]:
    return 'not measured'
  values = metrics[model]['metrics']
  return ', '.join(f'{name} {values[name]:.3f}' for name in ('AP', 'AP50') if values[name] is not None)


def _belongs(store: ml_metadata.MetadataStore, run: mlmd.Context, pipeline_name: str) -> bool:
  return any(parent.name == pipeline_name for parent in store.get_parent_contexts_by_context(run.id))


def _steps(store: ml_metadata.MetadataStore, run: mlmd.Context) -> list[Step]:
  executions = sorted(store.get_executions_by_context(run.id), key=lambda execution: execution.id)
  return [_step(store, execution) for execution in executions]


def _step(store: ml_metadata.MetadataStore, execution: mlmd.Execution) -> Step:
  node = next(c for c in store.get_contexts_by_execution(execution.id) if c.type == 'node')
  events = store.get_events_by_execution_ids([execution.id])
  ids = [event.artifact_id for event in events if event.type == mlmd.Event.OUTPUT]
  outputs = {artifact.type.split('.')[-1]: artifact for artifact in store.get_artifacts_by_id(ids)}
  return Step(
    name=node.name.split('.')[-1],
    cached=execution.last_known_state == mlmd.Execution.CACHED,
    outputs=outputs,
  )
