"""Where Kubernetes' own scheduler puts the pods of a compiled pipeline. No pod runs: there is no kubelet."""

import pytest

from kubeflow.compiler import compiled_file, targets
from pipeline import config
from tests.support import kubernetes_server
from tests.support.environments import PROJECT
from tests.support.kfp import pod_spec

TRAINER = {
  'gpus': 1,
  'cpu': 8,
  'memory': '32Gi',
  'shared_memory': '8Gi',
  'node_selector': {'pool': 'gpu'},
  'tolerations': [{'key': 'nvidia.com/gpu', 'effect': 'NoSchedule'}],
}


@pytest.fixture
def pods(tmp_path):
  """{task: pod} of the demo, as KFP makes them; the trainer's has a GPU."""
  path = str(tmp_path / 'demo.yaml')
  loaded = config.load(str(PROJECT / 'configs/demo.yaml'), 's3://data/demo', [])
  section = {'components': {'ODAPITrainer': TRAINER}, 'defaults': {'cpu': 1, 'memory': '2Gi', 'scratch': '1Gi'}}
  targets.compile_config(loaded.copy(update={'kubeflow': section}), 'kfp', path)
  spec, platforms = compiled_file.read(path)
  kubernetes = platforms['platforms']['kubernetes']['deploymentSpec']['executors']
  made = {}
  for task in compiled_file.ordered(spec['root']['dag']['tasks']):
    container = spec['deploymentSpec']['executors'][f'{task}_executor']['container']
    patch = pod_spec.patch(container, kubernetes.get(f'{task}_executor', {}), container['command'], container['args'])
    made[task] = {
      'apiVersion': 'v1',
      'kind': 'Pod',
      'metadata': {'name': task.lower()},
      'spec': {'restartPolicy': 'Never', **patch},
    }
  return made


@pytest.fixture
def scheduler(kubernetes, nodes):
  return Scheduler(kubernetes)


class Scheduler:
  """What the scheduler makes of pods."""

  def __init__(self, api):
    self._api = api

  def node_of(self, pod):
    """Where a pod is bound."""
    self._send(pod)
    bound = f'{pod["metadata"]["name"]} bound to a node'
    return kubernetes_server.until(bound, lambda: self._api.get(pod)['spec'].get('nodeName'))

  def refusal(self, pod):
    """Why the scheduler has bound a pod to no node."""
    self._send(pod)

    def said():
      found = self._api.get(pod)
      assert 'nodeName' not in found['spec'], f'bound to {found["spec"]["nodeName"]}'
      conditions = found.get('status', {}).get('conditions', [])
      return next((each['message'] for each in conditions if each.get('reason') == 'Unschedulable'), None)

    return kubernetes_server.until(f'{pod["metadata"]["name"]} refused', said)

  def _send(self, pod):
    if 'sent' not in pod:
      pod['sent'] = True
      self._api.create({key: value for key, value in pod.items() if key != 'sent'})


def renamed(pod, name):
  return {**pod, 'metadata': {'name': name}}


def test_the_trainers_pod_goes_to_the_gpu_node_and_all_others_to_the_other(scheduler, pods):
  bound = {task: scheduler.node_of(pod) for task, pod in pods.items()}
  assert len(bound) >= 9
  assert bound == {**dict.fromkeys(pods, 'cpu'), 'ODAPITrainer': 'gpu'}


def test_the_trainers_pod_goes_nowhere_else_when_the_gpu_node_is_closed(scheduler, pods, kubernetes, nodes):
  kubernetes.change(nodes['gpu'], {'spec': {'unschedulable': True}})
  message = scheduler.refusal(pods['ODAPITrainer'])
  assert '1 node(s) were unschedulable' in message
  assert "1 node(s) didn't match Pod's node affinity/selector" in message
  kubernetes.change(nodes['gpu'], {'spec': {'unschedulable': None}})
  assert scheduler.node_of(pods['ODAPITrainer']) == 'gpu'


def test_a_step_without_a_gpu_stays_off_the_gpu_node_even_when_there_is_no_other(scheduler, pods, kubernetes, nodes):
  kubernetes.change(nodes['cpu'], {'spec': {'unschedulable': True}})
  assert 'untolerated taint(s)' in scheduler.refusal(pods['ConfigPatcher'])


def test_a_second_pod_with_a_gpu_waits_until_the_first_has_gone(scheduler, pods, kubernetes):
  first = pods['ODAPITrainer']
  second = renamed(first, 'second')
  assert scheduler.node_of(first) == 'gpu'
  assert 'Insufficient nvidia.com/gpu' in scheduler.refusal(second)
  kubernetes.delete(first)
  assert scheduler.node_of(second) == 'gpu'


@pytest.mark.parametrize(
  ('without', 'message'),
  [
    pytest.param('tolerations', 'untolerated taint(s)', id='the toleration'),
    pytest.param('nodeSelector', None, id='the selector: the limit alone finds the only node with a GPU'),
  ],
)
def test_what_of_the_file_takes_the_trainer_to_the_gpu_node(scheduler, pods, without, message):
  pod = pods['ODAPITrainer']
  del pod['spec'][without]
  if message:
    assert message in scheduler.refusal(pod)
  else:
    assert scheduler.node_of(pod) == 'gpu'


def test_more_gpus_than_any_node_has_are_never_found(scheduler, pods):
  pod = pods['ODAPITrainer']
  pod['spec']['containers'][0]['resources']['limits']['nvidia.com/gpu'] = '2'
  assert 'Insufficient nvidia.com/gpu' in scheduler.refusal(pod)
