"""A search as a job on several nodes."""

import json
import re
import signal

import pytest
import yaml

from components.tuner import inputs, results, storage
from components.tuner.results import TrialResult
from components.tuner.study import SearchStudy
from detection.base.errors import ConfigError
from kubeflow.runtime import tune_job
from tests.support import job_nodes


def test_a_job_that_is_to_search_nothing_says_so_in_one_line(tmp_path, capsys, monkeypatch):
  monkeypatch.setattr(signal, 'signal', lambda *_: None)
  (tmp_path / 'run.yaml').write_text('tune: null')
  values = {'--config': tmp_path / 'run.yaml', '--examples': '/e', '--label-map': '/l/label_map.pbtxt'}
  values |= {'--work-root': '/w', '--output': '/o'}

  status = tune_job.main([f'{name}={value}' for name, value in values.items()])

  assert status == 2
  assert re.fullmatch(
    r'kubeflow.runtime.tune_job: .*run.yaml: tune: expected a space to search.*\n', capsys.readouterr().err
  )


def test_a_search_adapts_to_the_target_examples_it_is_given(tmp_path):
  space = {'learning_rate': {'values': [0.01]}}
  (tmp_path / 'run.yaml').write_text(
    yaml.safe_dump({'tune': {'space': space}, 'adapt': {'target': '/n', 'weight': 0.3}})
  )
  values = {'--config': tmp_path / 'run.yaml', '--examples': '/e', '--label-map': '/l/label_map.pbtxt'}
  values |= {'--work-root': '/w', '--output': '/o'}
  arguments = [f'{name}={value}' for name, value in values.items()]

  inputs, properties = tune_job.execution(tune_job.parse([*arguments, '--target-examples=/t']))
  assert (inputs['target_examples'][0].uri, json.loads(properties['adapt'])['weight']) == ('/t', 0.3)
  with pytest.raises(ConfigError, match='DetectionTuner: adapt: expected target_examples'):
    tune_job.execution(tune_job.parse(arguments))


@pytest.fixture
def nodes(tmp_path):
  made = job_nodes.JobNodes(tmp_path)
  yield made
  made.end()


@pytest.mark.slow
def test_a_search_on_two_nodes_goes_on_where_it_was_when_its_chief_is_killed(finished_run, tmp_path, nodes):
  tune = {'space': {'learning_rate': {'values': [0.01, 1e30]}}, 'method': 'grid', 'steps': 2, 'evaluations': 1}
  tune |= {'trials': 2}
  small = {'model': {'base': 'ssd_mobilenet_v2_fpnlite_cpu_160'}, 'tune': tune}
  (tmp_path / 'run.yaml').write_text(
    yaml.safe_dump({**small, 'train': {'batch_size': 2, 'eval_images': 2, 'cache': 'none'}})
  )
  values = {'--config': tmp_path / 'run.yaml', **job_nodes.job_values(finished_run, tmp_path)}
  first = TrialResult(0, {}, results.COMPLETE, 0.5, seconds=3.0)
  begin_a_trial_on_each(values, first)

  worker, killed = (nodes.start('tuning-tfjob.yaml', role, values) for role in ('worker', 'chief'))
  job_nodes.read_until(worker, 'trial 2 of 2 on node 1: learning_rate 1e+30')
  killed.kill()
  chief = nodes.start('tuning-tfjob.yaml', 'chief', values)
  outputs = job_nodes.read_to_the_end([chief, worker])

  assert [node.returncode for node in (chief, worker)] == [0, 0], '\n'.join(outputs)
  found = results.load((tmp_path / 'output/tuner_results/trials.json').read_text())
  assert found[0] == first
  assert [(one.state, one.node) for one in found] == [('complete', 0), ('complete', 0), ('failed', 1)]
  assert 'trial 0 of' not in outputs[0]
  assert [step for step, _ in found[1].evaluations] == [2]
  assert 'Loss/' in found[2].reason
  best = json.loads((tmp_path / 'output/hyperparameters/hyperparameters.json').read_text())
  assert best == results.best(found).values
  assert (tmp_path / 'output/tuner_results/report.html').exists()
  assert not list((tmp_path / 'work').iterdir())


def begin_a_trial_on_each(values, first):
  """Leaves the search as two nodes that were killed have: the first trial behind them, and each at one more."""
  found, properties = tune_job.execution(tune_job.parse([f'{name}={value}' for name, value in values.items()]))
  search = inputs.read_settings(found, properties)
  with storage.study_location(search.tune, search.work, node_count=2) as location:
    chief, worker = (SearchStudy(search.tune, location, node) for node in (0, 1))
    assert chief.next_trial().number == first.number
    chief.end(first)
    assert [node.next_trial().number for node in (chief, worker)] == [1, 2]
