"""The search around its trials, with trainings that take no time; and one whole search that was killed, for real."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
from tfx.types import channel, standard_artifacts

from components import artifacts, typed
from components.odapi import config_io
from components.trainer.settings import TrainSettings
from components.tuner import executor, search, trial
from components.tuner.component import DetectionTuner
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings


def settings(**given):
  space = {'learning_rate': {'min': 0.001, 'max': 1.0, 'scale': 'log'}}
  return typed.parse(TuneSettings, {'space': space, 'steps': 8, 'trials': 4, **given}, 'tune')


def complete(trial, device=None, stopping=None):
  value = trial.values.get('learning_rate', 0.0)
  return Trial(trial.number, trial.values, search.COMPLETE, value, [(8, value)])


def test_a_killed_search_runs_the_rest_and_the_one_cut_short(tmp_path):
  def killed_at_the_third(trial, device, stopping):
    if trial.number == 2:
      raise KeyboardInterrupt
    return complete(trial)

  with pytest.raises(KeyboardInterrupt):
    executor.run_search(settings(), str(tmp_path), killed_at_the_third, [None])
  states = [trial.state for trial in search.load((tmp_path / trial.TRIALS).read_text())]
  ran = []

  found = executor.run_search(settings(), str(tmp_path), lambda t, *_: ran.append(t.number) or complete(t), [None])

  assert states == ['complete', 'complete', 'running']
  assert ran == [2, 3, 4]
  untouched = executor.run_search(settings(), str(tmp_path / 'other'), complete, [None])
  assert found == untouched


def test_a_failed_trial_is_a_result_and_the_search_goes_on(tmp_path):
  def fails(trial, device, stopping):
    return executor.failed(trial, 'out of memory') if trial.number == 1 else complete(trial)

  found = executor.run_search(settings(), str(tmp_path), fails, [None])

  assert [trial.state for trial in found] == ['complete', 'failed', 'complete', 'complete', 'complete']
  assert search.best(found).number != 1


def test_trials_run_side_by_side_each_on_its_own_device(tmp_path):
  both = threading.Barrier(2, timeout=60)
  devices = []

  def together(trial, device, stopping):
    if trial.number in (0, 1):
      both.wait()  # passes only when two are under way at once
    devices.append(device)
    return complete(trial)

  found = executor.run_search(settings(), str(tmp_path), together, [0, 1])

  assert [trial.number for trial in found] == [0, 1, 2, 3, 4]
  assert set(devices) == {0, 1}


@pytest.fixture
def process(tmp_path, monkeypatch):
  """Runs a program in place of a trial's."""

  def run(program, stopping=None):
    (tmp_path / 'in_place.py').write_text(program)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    monkeypatch.setattr(executor.trials_process, '__name__', 'in_place')
    trial = Trial(3, {'learning_rate': 0.1})
    return executor.run_process(trial, str(tmp_path), None, stopping or threading.Event())

  return run


@pytest.mark.parametrize(
  ('program', 'expected'),
  [
    pytest.param('import os; os.kill(os.getpid(), 9)', 'killed by signal 9', id='killed'),
    pytest.param("raise ValueError('no such layer')", 'exit status 1: ValueError: no such layer', id='an error'),
  ],
)
def test_a_process_that_dies_is_a_failed_trial_with_a_reason(process, program, expected):
  ended = process(program)

  assert (ended.number, ended.state) == (3, search.FAILED)
  assert ended.reason.startswith(expected)


def test_a_process_that_was_asked_to_stop_is_no_failure_but_the_end(process):
  with pytest.raises(SystemExit) as caught:
    process('import os; os.kill(os.getpid(), 15)')

  assert caught.value.code == 143


def test_a_search_that_is_stopped_stops_its_trials(process):
  stopping = threading.Event()
  stopping.set()

  with pytest.raises(SystemExit):
    process('import threading; threading.Event().wait()', stopping)


def test_a_trial_that_lost_its_search_ends():
  with pytest.raises(SystemExit):
    trial.EndWithParent(parent=-1).after_step(state_at(3), lambda: [])

  trial.EndWithParent(parent=os.getppid()).after_step(state_at(3), lambda: [])


def state_at(step, **fields):
  from components.trainer.state import TrainState

  return TrainState(num_steps=8, step=step, **fields)


def test_a_hopeless_trial_is_stopped_before_its_end_only():
  asked = []
  hook = trial.StopHopeless('AP', lambda evaluations: asked.append(evaluations) or True)
  early, last = state_at(4, history=[{'step': 4, 'AP': 0.1}]), state_at(8, history=[{'step': 8, 'AP': 0.1}])

  hook.after_evaluation(early, {'AP': 0.1})
  hook.after_evaluation(last, {'AP': 0.1})

  assert asked == [[(4, 0.1)]]
  assert 'better half' in early.stop
  assert last.stop == ''


def test_a_trial_is_trained_as_the_run_would_be_but_watched_for_the_objective(tmp_path):
  train = TrainSettings(seed=7, watch='AP', eval_every=500, early_stopping={'patience': 1}, cache='disk')

  trial.prepare(
    str(tmp_path), Trial(2, {'a': 1}), config_io.Config(), {'cat': 1}, train, settings(objective='AP50', evaluations=2)
  )

  spec = json.loads((tmp_path / 'trial.json').read_text())
  trained = typed.parse(TrainSettings, spec['train'], 'train')
  assert (trained.seed, trained.cache) == (7, 'disk')
  assert (trained.watch, trained.eval_every, trained.checkpoint_every) == ('AP50', 4, 4)
  assert trained.early_stopping is None
  assert typed.parse(TuneSettings, spec['tune'], 'tune') == settings(objective='AP50', evaluations=2)


SEARCH = textwrap.dedent("""
  import json, sys
  from tests.components.tuner import test_executor
  test_executor.search_for_real(*sys.argv[1:])
""")


def search_for_real(run_home, target):
  """The executor over the artifacts of a finished run, as TFX calls it."""

  def artifact(kind, uri):
    made = kind()
    made.uri = str(uri)
    return made

  def latest(component, key):
    folders = (pathlib.Path(run_home) / 'tiny' / 'pipeline' / component / key).iterdir()
    return max(folders, key=lambda folder: int(folder.name))

  examples = artifact(standard_artifacts.Examples, latest('VocExampleGen', 'examples'))
  examples.split_names = '["train", "eval"]'
  tuner = DetectionTuner(
    channel.Channel(type=standard_artifacts.Examples),
    channel.Channel(type=artifacts.LabelMap),
    tune={
      'space': {'learning_rate': {'values': [0.01, 1e30]}},
      'method': 'grid',
      'steps': 4,
      'evaluations': 2,
      'trials': 2,
    },
    work_root=f'{target}/work',
    settings={'eval_images': 2, 'cache': 'none'},
    base='ssd_mobilenet_v2_fpnlite_cpu_160',
    batch_size=2,
  )
  executor.Executor().Do(
    {'examples': [examples], 'label_map': [artifact(artifacts.LabelMap, latest('LabelMapGen', 'label_map'))]},
    {
      'hyperparameters': [artifact(standard_artifacts.HyperParameters, f'{target}/hyperparameters')],
      'tuner_results': [artifact(standard_artifacts.TunerResults, f'{target}/results')],
    },
    tuner.exec_properties,
  )


@pytest.mark.slow
def test_a_search_killed_between_trials_ends_as_if_it_had_not_been(finished_run, tmp_path, capfd):
  command = [sys.executable, '-c', SEARCH, str(finished_run.home), str(tmp_path)]
  root = pathlib.Path(__file__).parents[3]
  process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
  for line in process.stdout:
    if line.startswith('trial 1 of'):
      break
  process.send_signal(signal.SIGKILL)
  process.wait()
  (table,) = (tmp_path / 'work').glob('*/trials.json')
  before = search.load(table.read_text())

  search_for_real(finished_run.home, tmp_path)

  shown = capfd.readouterr().out
  found = search.load((tmp_path / 'results' / 'trials.json').read_text())
  assert [trial.state for trial in before] == ['complete', 'running']
  assert 'trial 0 of' not in shown
  assert found[0] == before[0]
  assert [trial.state for trial in found] == ['complete', 'complete', 'failed']
  assert [step for step, _ in found[1].evaluations] == [2, 4]
  assert 'Loss/' in found[2].reason
  best = json.loads((tmp_path / 'hyperparameters' / 'hyperparameters.json').read_text())
  assert best == search.best(found).values
  assert (tmp_path / 'results' / 'report.html').exists()
  assert not list((tmp_path / 'work').iterdir())
