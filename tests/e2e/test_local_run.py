"""The whole pipeline on this machine: cold, cached, changed."""

import json
import pathlib

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from PIL import Image

from detection import tracking

pytestmark = pytest.mark.slow

STEPS = {
  'VocExampleGen',
  'StatisticsGen',
  'SchemaGen',
  'ExampleValidator',
  'LabelMapGen',
  'ConfigPatcher',
  'ODAPITrainer',
  'Baseline',
  'MapEvaluator',
  'DetectionPusher',
}


def executed(home: pathlib.Path) -> dict[str, str]:
  """{component: 'cached' or 'complete'} of the latest run, from the metadata store."""
  connection = mlmd.ConnectionConfig()
  connection.sqlite.filename_uri = str(home / 'tiny' / 'metadata.db')
  store = ml_metadata.MetadataStore(connection)
  latest = max(store.get_contexts_by_type('pipeline_run'), key=lambda context: context.id)
  states = {}
  for execution in store.get_executions_by_context(latest.id):
    node = next(c for c in store.get_contexts_by_execution(execution.id) if c.type == 'node')
    states[node.name.split('.')[-1]] = mlmd.Execution.State.Name(execution.last_known_state).lower()
  return states


def ran(home: pathlib.Path) -> set[str]:
  """Components that the latest run really executed. The baseline's resolver looks at the store in every run."""
  return {name for name, state in executed(home).items() if state == 'complete'} - {'Baseline'}


def assert_pushed(destination: pathlib.Path, versions: int) -> None:
  found = [folder for folder in destination.iterdir() if folder.name.isdecimal()]
  assert len(found) == versions, f'expected {versions} pushed versions, found {sorted(p.name for p in found)}'
  for folder in found:
    for name in ('saved_model.pb', 'label_map.pbtxt', 'pipeline.config'):
      assert (folder / name).is_file(), f'{name} is missing in {folder}'


def test_a_cold_run_executes_every_component_and_pushes(finished_run):
  assert finished_run.status == 0
  assert set(executed(finished_run.home)) == STEPS
  assert ran(finished_run.home) == STEPS - {'Baseline'}
  assert_pushed(finished_run.home / 'tiny' / 'serving', versions=1)


def test_training_takes_exactly_num_steps_and_keeps_the_last_one(finished_run):
  run = finished_run.artifact('ODAPITrainer', 'model_run')
  assert json.loads((run / 'run.json').read_text())['steps'] == 4
  assert (run / 'checkpoints' / 'ckpt-4.index').is_file()
  assert [json.loads(line)['step'] for line in (run / 'history.jsonl').read_text().splitlines()] == [2, 4]
  assert list((run / 'logs' / 'train').glob('events.*'))


class Recorder(tracking.Tracker):
  """Keeps what steps log, in place of an MLflow server."""

  def __init__(self):
    self.logged = []

  def log_training(self, folder):
    self.logged.append(('training', (pathlib.Path(folder) / 'run.json').exists()))

  def log_evaluation(self, folder):
    self.logged.append(('evaluation', (pathlib.Path(folder) / 'report.html').exists()))

  def log_push(self, folder, version):
    self.logged.append(('push', pathlib.Path(folder).name == str(version)))


def test_cached_then_changed(finished_run, capsys, monkeypatch):
  """In one test, since each run builds on the one before."""
  assert finished_run.run() == 0
  assert set(executed(finished_run.home).values()) - {'complete'} == {'cached'}
  assert ran(finished_run.home) == set()
  assert_pushed(finished_run.home / 'tiny' / 'serving', versions=1)
  assert 'from the cache: 9 of 10 steps' in capsys.readouterr().out

  assert finished_run.run('--set', 'evaluate.thresholds={AP50: 0.999}') == 3
  assert ran(finished_run.home) == {'MapEvaluator', 'DetectionPusher'}
  assert_pushed(finished_run.home / 'tiny' / 'serving', versions=1)
  said = capsys.readouterr().out
  assert 'NOT BLESSED' in said
  assert '0.999' in said

  recorder = Recorder()
  monkeypatch.setattr(tracking, 'from_environment', lambda: recorder)
  assert finished_run.run('--set', 'train.num_steps=5', '--set', 'evaluate.min_improvement=-1') == 0
  assert ran(finished_run.home) == {'ConfigPatcher', 'ODAPITrainer', 'MapEvaluator', 'DetectionPusher'}
  assert recorder.logged == [('training', True), ('evaluation', True), ('push', True)]
  assert_pushed(finished_run.home / 'tiny' / 'serving', versions=2)


@pytest.mark.parametrize('changed', ['image', 'xml'])
def test_one_changed_file_is_ingested_again(finished_run, changed, tmp_path):
  """To the ingestion's end only: all later components take its artifact as their input."""
  from pipeline import config, local_runner

  if changed == 'image':
    path = next((finished_run.data / 'JPEGImages').iterdir())
    with Image.open(path) as image:
      image.convert('L').convert('RGB').save(tmp_path / path.name)
  else:
    path = next((finished_run.data / 'Annotations').iterdir())
    (tmp_path / path.name).write_text(path.read_text().replace('<pose>Unspecified', '<pose>Left'))
  # In one move: tests of another process may be reading.
  (tmp_path / path.name).replace(path)
  with pytest.raises(_EnoughError):
    _run_until(local_runner, config.load(str(finished_run.config)), 'ConfigPatcher')
  assert {'VocExampleGen', 'LabelMapGen', 'StatisticsGen'} <= ran(finished_run.home)


class _EnoughError(Exception):
  pass


def _run_until(local_runner, config, component):
  """Runs the pipeline, but ends it as `component` begins, as a kill would."""
  from tfx.orchestration.portable import launcher

  real = launcher.Launcher.launch

  def launch(self):
    if self._pipeline_node.node_info.id == component:
      raise _EnoughError
    return real(self)

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(launcher.Launcher, 'launch', launch)
    local_runner.run(config)
