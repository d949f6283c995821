"""How a run ended, read from the metadata store, and the lines that say so."""

import json

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline import outcome

METRICS = {
  'model': {'metrics': {'AP': 0.4, 'AP50': 0.6}},
  'baseline': {'metrics': {'AP': None, 'AP50': 0.55}},
  'verdict': {'blessed': True, 'reason': 'AP50 0.600 is at least 0.500'},
}


class Store:
  """A metadata store in a file, filled as TFX fills it."""

  def __init__(self, folder):
    self.connection = mlmd.ConnectionConfig()
    self.connection.sqlite.filename_uri = str(folder / 'metadata.db')
    self.connection.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    self.store = ml_metadata.MetadataStore(self.connection)

  def context(self, kind, name):
    type_id = self.store.put_context_type(mlmd.ContextType(name=kind))
    (number,) = self.store.put_contexts([mlmd.Context(type_id=type_id, name=name)])
    return number

  def run(self, pipeline, name):
    number = self.context('pipeline_run', name)
    parent = self.store.get_context_by_type_and_name('pipeline', pipeline)
    parent = parent.id if parent else self.context('pipeline', pipeline)
    self.store.put_parent_contexts([mlmd.ParentContext(child_id=number, parent_id=parent)])
    return number

  def step(self, run, name, kind, uri='', state=mlmd.Execution.COMPLETE, **properties):
    """One execution with one output artifact."""
    artifact = mlmd.Artifact(type_id=self.store.put_artifact_type(mlmd.ArtifactType(name=kind)), uri=uri)
    for key, value in properties.items():
      if isinstance(value, str):
        artifact.custom_properties[key].string_value = value
      else:
        artifact.custom_properties[key].int_value = value
    (artifact_id,) = self.store.put_artifacts([artifact])
    execution_type = self.store.put_execution_type(mlmd.ExecutionType(name=name))
    execution = mlmd.Execution(type_id=execution_type, last_known_state=state)
    (execution_id,) = self.store.put_executions([execution])
    event = mlmd.Event(type=mlmd.Event.OUTPUT, artifact_id=artifact_id, execution_id=execution_id)
    self.store.put_events([event])
    node = self.store.get_context_by_type_and_name('node', f'pets.{name}')
    contexts = [run, node.id if node else self.context('node', f'pets.{name}')]
    links = [mlmd.Association(context_id=context, execution_id=execution_id) for context in contexts]
    self.store.put_attributions_and_associations([], links)


@pytest.fixture
def store(tmp_path):
  return Store(tmp_path)


def evaluated(folder, name, metrics=METRICS):
  (folder / name).mkdir()
  (folder / name / 'metrics.json').write_text(json.dumps(metrics))
  return str(folder / name)


def test_the_latest_run_of_the_pipeline_named_is_read(store, tmp_path):
  for pipeline, run in (('pets', 'first'), ('pets', 'second'), ('others', 'third')):
    number = store.run(pipeline, run)
    store.step(number, 'ODAPITrainer', 'tfx.ModelRun', f'/{run}', mlmd.Execution.CACHED)
    store.step(number, 'MapEvaluator', 'ModelEvaluation', evaluated(tmp_path, run))
    store.step(number, 'DetectionPusher', 'PushedModel', pushed=1, pushed_destination=f'/serving/{run}')
  found = outcome.read(store.connection, 'pets')
  assert (found.pushed, found.logs) == ('/serving/second', '/second/logs')
  assert found.report == str(tmp_path / 'second' / 'report.html')
  assert found.metrics == METRICS
  assert [(step.name, step.cached) for step in found.steps.values()] == [
    ('ODAPITrainer', True),
    ('MapEvaluator', False),
    ('DetectionPusher', False),
  ]


def test_a_run_that_pushed_nothing_and_trained_nothing(store, tmp_path):
  number = store.run('pets', 'only')
  store.step(number, 'MapEvaluator', 'ModelEvaluation', evaluated(tmp_path, 'only'))
  store.step(number, 'DetectionPusher', 'PushedModel', pushed=0, pushed_destination='/serving/1')
  found = outcome.read(store.connection, 'pets')
  assert (found.pushed, found.logs) == ('', '')


def test_the_last_lines_of_a_run_say_what_came_of_it():
  steps = {
    'ODAPITrainer': outcome.Step('ODAPITrainer', True, {}),
    'MapEvaluator': outcome.Step('MapEvaluator', False, {}),
  }
  assert outcome.describe(outcome.Outcome(steps, METRICS, '/serving/7', '/report.html', '/logs')).splitlines() == [
    'mAP: AP 0.400, AP50 0.600',
    'baseline: AP50 0.550',
    'blessed: AP50 0.600 is at least 0.500',
    'pushed model: /serving/7',
    'report: /report.html',
    'TensorBoard: tensorboard --logdir /logs',
    'from the cache: 1 of 2 steps',
  ]


def test_a_model_that_was_not_measured_nor_blessed_nor_compared():
  verdict = {'blessed': False, 'reason': 'the model does not load'}
  metrics = {'model': None, 'baseline': None, 'verdict': verdict}
  assert outcome.describe(outcome.Outcome({}, metrics, '', '/report.html', '')).splitlines() == [
    'mAP: not measured',
    'baseline: none',
    'NOT BLESSED: the model does not load',
    'pushed model: none',
    'report: /report.html',
  ]
