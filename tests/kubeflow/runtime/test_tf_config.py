"""TF_CONFIG for the nodes of a TrainJob."""

import json

import pytest

from detection.base.errors import ConfigError
from detection.odapi.model import devices
from kubeflow.runtime import tf_config


def of(index, nodes=3):
  return tf_config.of_this_node(nodes, {'TRAINJOB_NAME': 'training', 'JOB_COMPLETION_INDEX': index})


def test_node_0_is_the_chief_and_the_others_are_workers_at_the_names_of_their_pods():
  assert json.loads(of('0')) == {
    'cluster': {
      'chief': ['training-node-0-0.training:2222'],
      'worker': ['training-node-0-1.training:2222', 'training-node-0-2.training:2222'],
    },
    'task': {'type': 'chief', 'index': 0},
  }
  assert json.loads(of('2'))['task'] == {'type': 'worker', 'index': 1}
  assert 'worker' not in json.loads(of('0', nodes=1))['cluster']


@pytest.mark.parametrize('index', ['0', '1', '2'])
def test_the_trainer_reads_the_same_number_of_the_node_from_it(monkeypatch, index):
  monkeypatch.setenv('TF_CONFIG', of(index))
  assert devices.node() == (int(index), 3)


@pytest.mark.parametrize(
  ('environment', 'message'),
  [
    pytest.param({}, '--nodes 3: expected TRAINJOB_NAME and JOB_COMPLETION_INDEX in the environment', id='neither'),
    pytest.param({'TRAINJOB_NAME': 't'}, 'expected JOB_COMPLETION_INDEX in', id='no number'),
    pytest.param({'TRAINJOB_NAME': 't', 'JOB_COMPLETION_INDEX': '3'}, 'below --nodes 3, received "3"', id='too high'),
    pytest.param({'TRAINJOB_NAME': 't', 'JOB_COMPLETION_INDEX': 'a'}, 'received "a"', id='no number at all'),
  ],
)
def test_a_pod_that_is_not_of_such_a_job_is_refused(environment, message):
  with pytest.raises(ConfigError, match=message):
    tf_config.of_this_node(3, environment)
