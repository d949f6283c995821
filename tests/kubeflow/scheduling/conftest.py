"""A Kubernetes that schedules, for make test-kubernetes: two nodes, of which one says that it has a GPU."""

import os
import pathlib

import pytest

from tests.support import kubernetes_server

_ROOM = {'cpu': '16', 'memory': '64Gi', 'pods': '110', 'ephemeral-storage': '200Gi'}


@pytest.fixture(scope='session')
def kubernetes(tmp_path_factory):
  """The API server of a cluster without nodes."""
  folder = os.environ.get('KUBERNETES_BIN')
  if not folder:
    pytest.skip('needs etcd, kube-apiserver and kube-scheduler: KUBERNETES_BIN=DIR, which make test-kubernetes sets')
  missing = [name for name in kubernetes_server.PROGRAMS if not pathlib.Path(folder, name).is_file()]
  assert not missing, f'KUBERNETES_BIN: {folder} lacks {", ".join(missing)}. make test-kubernetes builds them.'
  with kubernetes_server.running(pathlib.Path(folder), tmp_path_factory.mktemp('kubernetes')) as api:
    yield api


@pytest.fixture
def nodes(kubernetes):
  """{'gpu', 'cpu'}: both have room for every step. The first has a GPU, its label, and the taint that keeps others off.

  They are gone after the test, with all pods.
  """
  gpu = {'labels': {'pool': 'gpu'}, 'taints': [{'key': 'nvidia.com/gpu', 'value': 'present', 'effect': 'NoSchedule'}]}
  made = {
    'gpu': _node('gpu', gpu['labels'], gpu['taints'], {**_ROOM, 'nvidia.com/gpu': '1'}),
    'cpu': _node('cpu', {}, [], _ROOM),
  }
  for node in made.values():
    kubernetes.create({key: value for key, value in node.items() if key != 'status'})
    # What kubelet and device plugin would say.
    kubernetes.change(node, {'status': node['status']}, '/status')
  yield made
  kubernetes.ask('DELETE', '/api/v1/namespaces/kubeflow/pods', gracePeriodSeconds='0')
  kubernetes.ask('DELETE', '/api/v1/nodes')


def _node(name, labels, taints, room):
  return {
    'apiVersion': 'v1',
    'kind': 'Node',
    'metadata': {'name': name, 'labels': labels},
    'spec': {'taints': taints},
    'status': {'capacity': room, 'allocatable': room, 'conditions': [{'type': 'Ready', 'status': 'True'}]},
  }
