"""Kubernetes' own API server takes every manifest, and refuses the mistakes that it would otherwise drop in silence."""

import copy
import json

import pytest

from tests.support import custom_resources, kubernetes_server
from tests.support.environments import PROJECT
from tests.support.job_nodes import manifest

SCHEMAS = PROJECT / 'tests/kubeflow/crd_schemas'
MANIFESTS = sorted(path.name for path in (PROJECT / 'kubeflow/manifests').glob('*.yaml'))


@pytest.fixture(scope='module')
def server(kubernetes):
  """The API server, with the definitions that the manifests need."""
  documents = {document['kind']: document for name in MANIFESTS for document in manifest(name)}
  for kind, document in documents.items():
    if (SCHEMAS / f'{kind}.json').exists():
      schema = json.loads((SCHEMAS / f'{kind}.json').read_text())
      made = kubernetes.create(custom_resources.definition(document, schema))
      kubernetes_server.until(f'{kind} served', lambda made=made: _is_established(kubernetes.get(made)))
  return kubernetes


def _is_established(definition):
  conditions = {each['type']: each['status'] for each in definition['status']['conditions'] or []}
  assert conditions.get('NonStructuralSchema') != 'True', definition['status']
  return conditions.get('Established') == 'True'


@pytest.mark.parametrize('name', MANIFESTS)
def test_the_api_server_takes_a_manifest(server, name):
  for document in manifest(name):
    taken = server.create(document, dryRun='All')
    assert taken['metadata']['uid']


@pytest.mark.parametrize(
  ('name', 'number', 'path', 'message'),
  [
    pytest.param(
      'tf-serving.yaml', 0, 'spec.template.spec.volume', 'unknown field "spec.template.spec.volume"', id='pod'
    ),
    pytest.param('tf-serving.yaml', 1, 'spec.port', 'unknown field "spec.port"', id='service'),
    pytest.param('kserve.yaml', 2, 'spec.predictor.model.storageURI', 'unknown field', id='KServe'),
    pytest.param('trainjob.yaml', 1, 'spec.trainer.nodes', 'unknown field "spec.trainer.nodes"', id='Trainer'),
    pytest.param(
      'tfjob.yaml', 0, 'spec.runPolicy.backOff', 'unknown field "spec.runPolicy.backOff"', id='the old operator'
    ),
  ],
)
def test_a_field_that_is_not_there_is_refused(server, name, number, path, message):
  document = copy.deepcopy(manifest(name)[number])
  *above, last = path.split('.')
  holder = document
  for key in above:
    holder = holder[key]
  holder[last] = 'anything'
  with pytest.raises(kubernetes_server.RefusalError, match=message):
    server.create(document, dryRun='All')
