"""The platforms document: what is built for each executor, and what kfp-kubernetes' proto does not accept."""

import pytest

from detection.base.errors import ConfigError
from kubeflow.compiler import platform_spec
from kubeflow.settings import KubeflowConfig

EXECUTORS = {'Count_executor': 'Count', 'Publish_executor': 'Publish'}


def built(**section):
  document = platform_spec.build(KubeflowConfig(**section), EXECUTORS)
  return document['platforms']['kubernetes']['deploymentSpec']['executors'] if document else {}


def test_there_is_no_document_where_no_component_needs_one():
  assert built(components={'Count': {'gpus': 1, 'cpu': 2}}) == {}


def test_only_the_executors_that_need_something_are_in_it():
  assert built(components={'Count': {'node_selector': {'pool': 'gpu'}}}) == {
    'Count_executor': {'nodeSelector': {'labels': {'pool': 'gpu'}}}
  }


def test_what_holds_for_every_step_is_in_every_executor():
  image = {'imagePullPolicy': 'Always', 'imagePullSecret': [{'secretName': 'registry'}]}
  assert built(image_pull_policy='Always', image_pull_secrets=['registry']) == dict.fromkeys(EXECUTORS, image)


def test_shared_memory_is_a_volume_in_memory_since_the_driver_ignores_the_protos_own_field():
  (mount,) = built(components={'Count': {'shared_memory': '2Gi'}})['Count_executor']['emptyDirMounts']
  assert mount == {'volumeName': 'shm', 'mountPath': '/dev/shm', 'sizeLimit': '2Gi', 'medium': 'Memory'}


@pytest.mark.parametrize(
  ('executors', 'message'),
  [
    pytest.param({'Cuont_executor': {}}, 'no such executor', id='a label unknown'),
    pytest.param({'Count_executor': {'tolerations': [{'keys': 'gpu'}]}}, 'Count_executor.*keys', id='a field unknown'),
    pytest.param({'Count_executor': {'activeDeadlineSeconds': 'soon'}}, 'soon', id='a value of the wrong type'),
  ],
)
def test_a_platforms_document_is_checked_against_the_proto(executors, message):
  document = {'platforms': {'kubernetes': {'deploymentSpec': {'executors': executors}}}}
  with pytest.raises(ConfigError, match=message):
    platform_spec.check(document, ['Count_executor'])
