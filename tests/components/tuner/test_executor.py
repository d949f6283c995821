"""The search around its trials, with trainings that take no time; tests/kubeflow/test_manifests.py has a real one."""

import json
import os
import threading
import types

import pytest
from tfx.types import channel, standard_artifacts

from components import artifacts
from components.tuner import executor, here, search, trial
from components.tuner.component import DetectionTuner
from components.tuner.here import Here
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from detection.odapi.config import config_io
from detection.training.adaptation import Adaptation
from detection.training.settings import TrainSettings


def settings(**given):
  space = {'learning_rate': {'min': 0.001, 'max': 1.0, 'scale': 'log'}}
  return parse_settings(TuneSettings, {'space': space, 'steps': 8, 'trials': 4, **given}, 'tune')


def complete(trial, place=None, is_stopped=None):
  value = trial.values.get('learning_rate', 0.0)
  return Trial(trial.number, trial.values, search.COMPLETE, value, [(8, value)])


def test_a_killed_search_runs_the_rest_and_the_one_cut_short(tmp_path):
  def killed_at_the_third(trial, place, is_stopped):
    if trial.number == 2:
      raise KeyboardInterrupt
    return complete(trial)

  with pytest.raises(KeyboardInterrupt):
    executor.run_search(settings(), str(tmp_path), killed_at_the_third, [Here()])
  states = [trial.state for trial in search.load((tmp_path / trial.TRIALS).read_text())]
  ran = []

  found = executor.run_search(settings(), str(tmp_path), lambda t, *_: ran.append(t.number) or complete(t), [Here()])

  assert states == ['complete', 'complete', 'running']
  assert ran == [2, 3, 4]
  untouched = executor.run_search(settings(), str(tmp_path / 'other'), complete, [Here()])
  assert found == untouched


def test_a_failed_trial_is_a_result_and_the_search_goes_on(tmp_path):
  def fails(trial, place, is_stopped):
    return search.failed(trial, 'out of memory') if trial.number == 1 else complete(trial)

  found = executor.run_search(settings(), str(tmp_path), fails, [Here()])

  assert [trial.state for trial in found] == ['complete', 'failed', 'complete', 'complete', 'complete']
  assert search.best(found).number != 1


def test_trials_run_side_by_side_each_on_its_own_device(tmp_path):
  both = threading.Barrier(2, timeout=60)
  devices = []

  def together(trial, place, is_stopped):
    if trial.number in (0, 1):
      both.wait()  # passes only when two are under way at once
    devices.append(place.device)
    return complete(trial)

  found = executor.run_search(settings(), str(tmp_path), together, [Here(0), Here(1)])

  assert [trial.number for trial in found] == [0, 1, 2, 3, 4]
  assert set(devices) == {0, 1}


@pytest.mark.parametrize(
  ('gpus', 'parallel', 'devices'),
  [
    pytest.param(0, None, [None], id='none'),
    pytest.param(1, None, [None], id='one needs no telling'),
    pytest.param(2, None, [0, 1], id='a trial on each'),
    pytest.param(2, 4, [0, 1, 0, 1], id='two trials on each'),
  ],
)
def test_trials_take_all_the_gpus_that_the_container_has(monkeypatch, gpus, parallel, devices):
  monkeypatch.setattr('tensorflow.config.list_physical_devices', lambda kind: [kind] * gpus)
  assert [place.device for place in executor._places(settings(parallel=parallel))] == devices


@pytest.fixture
def process(tmp_path, monkeypatch):
  """Runs a program in place of a trial's."""

  def run(program, is_stopped=None, device=None):
    (tmp_path / 'in_place.py').write_text(program)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    monkeypatch.setattr(here.trials_process, '__name__', 'in_place')
    trial = Trial(3, {'learning_rate': 0.1})
    return here.run_process(trial, str(tmp_path), device, is_stopped or threading.Event().wait)

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


def test_a_trial_sees_its_own_gpu_alone(process):
  ended = process("import os; raise ValueError(os.environ['CUDA_VISIBLE_DEVICES'])", device=1)

  assert ended.reason.endswith('ValueError: 1')


def test_a_process_that_was_asked_to_stop_is_no_failure_but_the_end(process):
  with pytest.raises(SystemExit) as caught:
    process('import os; os.kill(os.getpid(), 15)')

  assert caught.value.code == 143


FOR_EVER = 'import threading; threading.Event().wait()'


def test_a_search_that_is_stopped_stops_its_trials(process):
  with pytest.raises(SystemExit):
    process(FOR_EVER, lambda seconds: True)


def test_a_node_that_is_ended_while_a_trial_runs_ends_the_trial_too(process):
  def terminated(seconds):
    raise SystemExit(143)

  with pytest.raises(SystemExit):
    process(FOR_EVER, terminated)


def test_a_trial_on_one_of_several_nodes_is_trained_by_that_node_alone(process, monkeypatch):
  monkeypatch.setenv('TF_CONFIG', '{}')

  ended = process("import os; raise ValueError(os.environ.get('TF_CONFIG'))")

  assert ended.reason == 'exit status 1: ValueError: None'


def test_a_trial_that_lost_its_search_ends():
  with pytest.raises(SystemExit):
    trial.EndWithParent(parent=-1).after_step(state_at(3), lambda: [])

  trial.EndWithParent(parent=os.getppid()).after_step(state_at(3), lambda: [])


def state_at(step, **fields):
  from detection.training.state import TrainState

  return TrainState(num_steps=8, step=step, **fields)


def test_a_hopeless_trial_is_stopped_before_its_end_only():
  asked = []
  hook = trial.StopHopeless('AP', lambda evaluations: asked.append(evaluations) or True)
  early, last = state_at(4), state_at(8)

  hook.after_evaluation(early, {'AP': 0.1})
  hook.after_evaluation(last, {'AP': 0.1})

  assert asked == [[(4, 0.1)]]
  assert 'better half' in early.stop
  assert last.stop == ''


def test_a_trial_sees_what_siblings_that_still_run_have_reported(tmp_path):
  rates = {number: {'learning_rate': 0.1 * number} for number in (1, 2, 3)}
  begun = [Trial(1, rates[1], search.COMPLETE, 0.1, [(2, 0.1), (4, 0.1)]), Trial(2, rates[2]), Trial(3, rates[3])]
  (tmp_path / trial.TRIALS).write_text(search.dump(begun))
  history = tmp_path / 'trial-002' / 'work' / 'history.jsonl'
  history.parent.mkdir(parents=True)
  history.write_text('{"step": 2, "AP": 0.5}\n{"step": 4}\n')

  seen = trial.trials_so_far(str(tmp_path), 'AP')

  assert [one.evaluations for one in seen] == [[(2, 0.1), (4, 0.1)], [(2, 0.5)], []]
  late = Trial(3, rates[3], evaluations=[(2, 0.3)])
  assert search.is_hopeless(settings(), seen, late)
  assert not search.is_hopeless(settings(), begun, late)


def test_a_trial_adapts_as_the_run_does(tmp_path, monkeypatch):
  adaptation = Adaptation(['/night/Split-train/*'], 0.3, 8, 'source')
  folder = tmp_path / 'trial-000'
  trial.prepare(str(folder), Trial(0, {}), config_io.Config(), {'cat': 1}, TrainSettings(), settings(), adaptation)
  seen = {}

  def train(task, work_directory, extra_hooks):
    seen['adaptation'] = task.adaptation
    return types.SimpleNamespace(state=state_at(8), history=[{'step': 8, 'AP': 0.5}], seconds=1.0)

  monkeypatch.setattr(trial.training, 'train', train)
  trial.main(str(folder), os.getppid())

  assert seen['adaptation'] == adaptation
  (ended,) = search.load((folder / trial.RESULT).read_text())
  assert (ended.state, ended.value) == (search.COMPLETE, 0.5)


def test_a_trial_is_trained_as_the_run_would_be_but_watched_for_the_objective(tmp_path):
  train = TrainSettings(seed=7, watch='AP', eval_every=500, early_stopping={'patience': 1}, cache='disk')

  trial.prepare(
    str(tmp_path), Trial(2, {'a': 1}), config_io.Config(), {'cat': 1}, train, settings(objective='AP50', evaluations=2)
  )

  spec = json.loads((tmp_path / 'trial.json').read_text())
  trained = parse_settings(TrainSettings, spec['train'], 'train')
  assert (trained.seed, trained.cache) == (7, 'disk')
  assert (trained.watch, trained.eval_every, trained.checkpoint_every) == ('AP50', 4, 4)
  assert trained.early_stopping is None
  assert parse_settings(TuneSettings, spec['tune'], 'tune') == settings(objective='AP50', evaluations=2)


@pytest.mark.parametrize(
  ('tune', 'train', 'expected'),
  [
    ({'objective': 'AP50/dog'}, {}, r'^tune\.objective: no class "dog"\. Expected one of \[.cat.\]\.$'),
    ({}, {'watch': 'AP50/dog'}, r'^train\.watch: no class "dog"'),
  ],
)
def test_a_metric_of_a_class_that_there_is_not_is_refused_before_any_trial(tmp_path, tune, train, expected):
  (tmp_path / 'label_map.pbtxt').write_text('item { id: 1 name: "cat" }')
  inputs = {'examples': [standard_artifacts.Examples()], 'label_map': [artifacts.LabelMap()]}
  inputs['label_map'][0].uri = str(tmp_path)
  tuner = DetectionTuner(
    **{name: channel.Channel(type=type(one)) for name, (one,) in inputs.items()},
    tune={'space': {'learning_rate': {'values': [0.1]}}, **tune},
    work_root=str(tmp_path / 'work'),
    settings=train,
    base='ssd_mobilenet_v2_fpnlite_cpu_160',
    batch_size=1,
  )
  with pytest.raises(ConfigError, match=expected):
    executor.Executor().Do(inputs, {}, tuner.exec_properties)
  assert not (tmp_path / 'work').exists()
