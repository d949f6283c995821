"""What the jobs on nodes share."""

import os
import signal

import pytest
from tfx.types import artifact_utils, channel

from detection.base.errors import ConfigError
from kubeflow.runtime import entrypoint, job

GIVEN = ['--examples=/e', '--label-map=/l/label_map.pbtxt', '--work-root=/w', '--output=/o']


@pytest.fixture(autouse=True)
def _signals_stay():
  before = signal.getsignal(signal.SIGTERM)
  yield
  signal.signal(signal.SIGTERM, before)


def parse(*more):
  return job.parser('a.job', 'What it does.\n\nAnd more.').parse_args([*GIVEN, *more])


def test_the_inputs_are_artifacts_at_the_paths_given():
  found = job.inputs(parse())
  assert {name: artifact.uri for name, (artifact,) in found.items()} == {'examples': '/e', 'label_map': '/l'}
  assert artifact_utils.decode_split_names(found['examples'][0].split_names) == ['train', 'eval']
  (target,) = job.inputs(parse('--target-examples=/t'))['target_examples']
  assert (target.uri, artifact_utils.decode_split_names(target.split_names)) == ('/t', ['train'])


def test_a_component_can_be_built_on_channels_of_their_types():
  found = job.inputs(parse())
  channels = job.channels(found)
  assert all(isinstance(one, channel.Channel) for one in channels.values())
  assert {name: one.type for name, one in channels.items()} == {name: one[0].type for name, one in found.items()}


def test_work_ends_with_0_and_sigterm_ends_it_in_order():
  worked = []
  assert job.run(worked.append, parse()) == 0
  assert worked[0].examples == '/e'
  assert signal.getsignal(signal.SIGTERM) is entrypoint.end


def test_a_users_mistake_is_one_line_and_its_status(capsys):
  def refuse(args):
    raise ConfigError('adapt: wrong.')

  assert job.run(refuse, parse()) == 2
  assert capsys.readouterr().err == 'a.job: adapt: wrong.\n'


def test_a_node_of_a_train_job_makes_its_own_tf_config(monkeypatch, capsys):
  monkeypatch.setenv('TF_CONFIG', '')
  monkeypatch.setenv('TRAINJOB_NAME', 'training')
  monkeypatch.setenv('JOB_COMPLETION_INDEX', '1')
  seen = []
  assert job.run(lambda args: seen.append(os.environ['TF_CONFIG']), parse('--nodes=2')) == 0
  assert 'training-node-0-1' in seen[0]
  monkeypatch.delenv('JOB_COMPLETION_INDEX')
  assert job.run(seen.append, parse('--nodes=2')) == 2
  assert capsys.readouterr().err.startswith('a.job: --nodes 2: expected JOB_COMPLETION_INDEX in the environment')
