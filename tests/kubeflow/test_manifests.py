"""Manifests are what the cluster's own definitions accept, and agree with the programs that they run."""

import copy
import functools
import json
import pathlib

import jsonschema
import pytest
import yaml

from kubeflow.runtime import tf_config, train_job, tune_job
from tests.support.environments import PROJECT
from tests.support.job_nodes import manifest

# Reduced from the published CustomResourceDefinitions; each names its source.
SCHEMAS = pathlib.Path(__file__).with_name('crd_schemas')
MANIFESTS = sorted(path.name for path in (PROJECT / 'kubeflow/manifests').glob('*.yaml'))
JOBS = [('trainjob.yaml', train_job), ('tuning-trainjob.yaml', tune_job)]
OLD_JOBS = [('tfjob.yaml', train_job), ('tuning-tfjob.yaml', tune_job)]


def schema(kind):
  return json.loads((SCHEMAS / f'{kind}.json').read_text())


@functools.cache
def validator(kind):
  """Checks documents of a kind; that its schema is one is checked once, which takes longer."""
  found = pod_template() if kind == 'Deployment' else schema(kind)
  made = jsonschema.validators.validator_for(found)
  made.check_schema(found)
  return made(found)


def validate(kind, document):
  if error := jsonschema.exceptions.best_match(validator(kind).iter_errors(document)):
    raise error


def pod_template():
  """The schema of a pod's template, as it stands in TrainingRuntime."""
  whole = schema('TrainingRuntime')
  part = whole
  for key in ('spec', 'template', 'spec', 'replicatedJobs', None, 'template', 'spec', 'template'):
    while '$ref' in part:
      part = whole['$defs'][part['$ref'].rpartition('/')[2]]
    part = part['items'] if key is None else part['properties'][key]
  return {**part, '$defs': whole['$defs']}


def check(document):
  """Refuses what a cluster refuses, and the fields that it would drop in silence."""
  if (SCHEMAS / f'{document["kind"]}.json').exists():
    validate(document['kind'], document)
  elif document['kind'] == 'Deployment':
    validate('Deployment', document['spec']['template'])
  else:
    assert document['kind'] in ('Service', 'Secret', 'ServiceAccount')


@pytest.mark.parametrize('name', MANIFESTS)
def test_each_manifest_is_what_its_published_definition_accepts(name):
  for document in manifest(name):
    check(document)


@pytest.mark.parametrize(
  ('name', 'number', 'path', 'value', 'message'),
  [
    pytest.param('trainjob.yaml', 1, 'spec.trainer.nodes', 4, "'nodes' was unexpected", id='a field that is not there'),
    pytest.param('trainjob.yaml', 1, 'spec.trainer.numNodes', '4', "'4' is not of type 'integer'", id='a type'),
    pytest.param('trainjob.yaml', 0, 'spec.mlPolicy.tensorflow', {}, "'tensorflow' was unexpected", id='a runtime'),
    pytest.param('tfjob.yaml', 0, 'spec.runPolicy.backOff', 5, "'backOff' was unexpected", id='the old operator'),
    pytest.param('kserve.yaml', 2, 'spec.predictor.model.storageURI', 's3://a', "'storageURI' was", id='a spelling'),
    pytest.param('tf-serving.yaml', 0, 'spec.template.spec.volume', [], "'volume' was unexpected", id='a plain pod'),
  ],
)
def test_a_mistake_in_a_manifest_is_seen(name, number, path, value, message):
  document = copy.deepcopy(manifest(name)[number])
  *above, last = path.split('.')
  holder = document
  for key in above:
    holder = holder[key]
  holder[last] = value
  with pytest.raises(jsonschema.ValidationError, match=message):
    check(document)


@pytest.mark.parametrize(('name', 'module'), OLD_JOBS)
def test_the_old_operators_nodes_run_a_program_with_the_arguments_it_takes(capsys, name, module):
  (job,) = manifest(name)
  nodes = job['spec']['tfReplicaSpecs']
  assert {role: node['replicas'] for role, node in nodes.items()} == {'Chief': 1, 'Worker': 3}
  for node in nodes.values():
    pod = node['template']['spec']
    (container,) = pod['containers']
    # The operator knows the job's container by this name.
    assert container['name'] == 'tensorflow'
    assert container['command'] == ['python', '-m', module.__name__]
    assert {mount['name'] for mount in container['volumeMounts']} == {volume['name'] for volume in pod['volumes']}
    assert_takes(module, container['args'], capsys)


@pytest.mark.parametrize(('name', 'module'), JOBS)
def test_a_train_jobs_nodes_run_a_program_with_the_arguments_and_the_variables_it_takes(capsys, name, module):
  runtime, job = manifest(name)
  trainer = job['spec']['trainer']
  assert job['spec']['runtimeRef'] == {'kind': runtime['kind'], 'name': runtime['metadata']['name']}
  assert trainer['command'] == ['python', '-m', module.__name__]
  assert f'--nodes={trainer["numNodes"]}' in trainer['args']
  assert tf_config.NAME in [variable['name'] for variable in trainer['env']]
  (node,) = runtime['spec']['template']['spec']['replicatedJobs']
  pod = node['template']['spec']['template']['spec']
  (container,) = pod['containers']
  # Trainer knows both by this name, and tf_config makes the pods' addresses from it.
  assert node['name'] == container['name'] == 'node'
  assert {mount['name'] for mount in container['volumeMounts']} == {volume['name'] for volume in pod['volumes']}
  assert_takes(module, trainer['args'], capsys)


def assert_takes(module, arguments, capsys):
  with pytest.raises(SystemExit):
    module.main([*arguments, '--not-an-argument'])
  assert 'unrecognized arguments: --not-an-argument' in capsys.readouterr().err


def test_the_server_watches_the_folder_that_versions_are_copied_to():
  deployment, service = manifest('tf-serving.yaml')
  serving, mirror = deployment['spec']['template']['spec']['containers']
  source, folder = mirror['args']
  assert source.endswith('/serving')
  assert f'--model_base_path={folder}' in serving['args']
  assert all(folder in [m['mountPath'] for m in container['volumeMounts']] for container in (serving, mirror))
  assert mirror['command'] == ['python', '-m', 'kubeflow.runtime.mirror']
  assert service['spec']['selector'] == deployment['spec']['template']['metadata']['labels']


def test_kserve_finds_the_keys_of_the_store_and_an_image_as_new_as_the_other_servers():
  secret, account, service = manifest('kserve.yaml')
  predictor = service['spec']['predictor']
  assert predictor['serviceAccountName'] == account['metadata']['name']
  assert account['secrets'] == [{'name': secret['metadata']['name']}]
  deployment, _ = manifest('tf-serving.yaml')
  image = deployment['spec']['template']['spec']['containers'][0]['image']
  assert image == f'tensorflow/serving:{predictor["model"]["runtimeVersion"]}'


def test_every_manifest_and_the_page_name_the_store_that_kfp_brings_now():
  texts = [(PROJECT / 'kubeflow/manifests' / name).read_text() for name in MANIFESTS]
  assert not [text for text in texts if 'minio-service' in text]
  endpoints = {
    variable['value']
    for text in texts
    for document in yaml.safe_load_all(text)
    for variable in variables(document)
    if variable.get('name') == 'S3_ENDPOINT'
  }
  assert endpoints == {'seaweedfs.kubeflow:9000'}


def variables(part):
  """All environment variables in a document."""
  if isinstance(part, dict):
    yield from part.get('env', [])
  for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
    yield from variables(each)
