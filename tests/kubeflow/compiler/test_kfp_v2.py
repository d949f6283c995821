"""What compile writes for open-source KFP 2, and what it refuses."""

import kubeflow_toy as toy
import pytest
import yaml
from tfx.components.example_gen.csv_example_gen.component import CsvExampleGen
from tfx.dsl.components.common import resolver
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import channel, standard_artifacts

from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from kubeflow.compiler import kfp_v2
from kubeflow.settings import KubeflowConfig

ROOT = 'minio://mlpipeline/v2/artifacts'
GPU_NODE = {
  'gpus': 2,
  'cpu': '500m',
  'memory': '16Gi',
  'shared_memory': '2Gi',
  'scratch': '20Gi',
  'retries': 3,
  'node_selector': {'pool': 'gpu'},
  'tolerations': [{'key': 'nvidia.com/gpu', 'effect': 'NoSchedule'}],
  'volumes': [{'claim': 'data', 'mount_path': '/data', 'sub_path': 'raccoon'}],
  'secrets': [
    {'name': 's3-keys', 'env': {'AWS_ACCESS_KEY_ID': 'id', 'AWS_SECRET_ACCESS_KEY': 'key'}},
    {'name': 'gcp-key', 'mount_path': '/var/secrets/gcp'},
  ],
  'env': {'S3_ENDPOINT': 'minio:9000', 'S3_USE_HTTPS': False},
}


def parse(section):
  return parse_settings(KubeflowConfig, section, 'gpu.yaml: kubeflow')


def compiled(tmp_path, section=None, pipeline=None):
  output = tmp_path / 'pipeline.yaml'
  kfp_v2.compile_pipeline(pipeline or toy.pipeline(), parse(section or {}), str(output))
  documents = list(yaml.safe_load_all(output.read_text()))
  return documents[0], (documents[1] if len(documents) > 1 else {})


def container(spec, component):
  return spec['deploymentSpec']['executors'][f'{component}_executor']['container']


def test_a_plain_pipeline_is_one_document_of_schema_2_1_that_runs_our_entrypoint(tmp_path):
  spec, platforms = compiled(tmp_path, {'image': 'registry/detection:1'})
  assert spec['schemaVersion'] == '2.1.0'
  assert 'pipelineSpec' not in spec
  assert spec['defaultPipelineRoot'] == ROOT
  assert platforms == {}
  for component in ('WriteExamples', 'Count', 'Publish'):
    assert container(spec, component)['command'] == ['python', '-m', 'kubeflow.runtime.entrypoint']
    assert container(spec, component)['image'] == 'registry/detection:1'


def test_only_the_components_named_get_gpus(tmp_path):
  spec, _ = compiled(tmp_path, {'components': {'Count': {'gpus': 2, 'gpu_type': 'amd.com/gpu'}}})
  assert container(spec, 'Count')['resources']['accelerator'] == {'type': 'amd.com/gpu', 'count': '2'}
  assert 'resources' not in container(spec, 'WriteExamples')
  assert 'resources' not in container(spec, 'Publish')


def test_stock_example_gens_get_their_resources_too(tmp_path):
  pipeline = toy.pipeline(extra=[CsvExampleGen(input_base='/data')])
  spec, _ = compiled(tmp_path, {'components': {'CsvExampleGen': {'cpu': 2}}}, pipeline)
  assert container(spec, 'CsvExampleGen')['resources'] == {'cpuLimit': 2.0}


def test_limits_are_in_cores_and_in_the_gigabytes_that_the_driver_counts_in(tmp_path):
  resources = container(compiled(tmp_path, {'components': {'Count': GPU_NODE}})[0], 'Count')['resources']
  assert resources['cpuLimit'] == 0.5
  assert resources['memoryLimit'] == pytest.approx(16 * 2**30 / 1e9)


def test_retries_and_variables(tmp_path):
  spec, _ = compiled(tmp_path, {'components': {'Count': GPU_NODE}})
  assert spec['root']['dag']['tasks']['Count']['retryPolicy']['maxRetryCount'] == 3
  assert 'retryPolicy' not in spec['root']['dag']['tasks']['Publish']
  expected = [{'name': 'S3_ENDPOINT', 'value': 'minio:9000'}, {'name': 'S3_USE_HTTPS', 'value': 'false'}]
  assert container(spec, 'Count')['env'] == expected


def test_the_platforms_document_holds_what_the_spec_has_no_words_for(tmp_path):
  section = {'image_pull_secrets': ['registry'], 'components': {'Count': GPU_NODE}}
  _, document = compiled(tmp_path, section)
  executors = document['platforms']['kubernetes']['deploymentSpec']['executors']
  assert executors['Publish_executor'] == {'imagePullSecret': [{'secretName': 'registry'}]}
  count = executors['Count_executor']
  assert count['nodeSelector'] == {'labels': {'pool': 'gpu'}}
  assert count['tolerations'] == [{'key': 'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'}]
  assert count['pvcMount'] == [{'constant': 'data', 'mountPath': '/data', 'subPath': 'raccoon'}]
  assert count['secretAsVolume'][0]['mountPath'] == '/var/secrets/gcp'
  assert {'secretKey': 'id', 'envVar': 'AWS_ACCESS_KEY_ID'} in count['secretAsEnv'][0]['keyToEnv']
  assert {mount['mountPath'] for mount in count['emptyDirMounts']} == {'/tmp', '/dev/shm'}


def test_defaults_hold_for_every_component_and_a_component_adds_to_them(tmp_path):
  section = {
    'defaults': {'env': {'A': 1, 'B': 1}, 'cpu': 1},
    'components': {'Count': {'env': {'B': 2}, 'memory': '2G'}},
  }
  spec, _ = compiled(tmp_path, section)
  assert container(spec, 'Publish')['env'] == [{'name': 'A', 'value': '1'}, {'name': 'B', 'value': '1'}]
  assert container(spec, 'Count')['env'] == [{'name': 'A', 'value': '1'}, {'name': 'B', 'value': '2'}]
  assert container(spec, 'Count')['resources'] == {'cpuLimit': 1.0, 'memoryLimit': 2.0}


def test_a_property_becomes_a_parameter_of_the_run_and_keeps_its_default(tmp_path):
  spec, _ = compiled(tmp_path, {'runtime_parameters': {'images': 'WriteExamples.count'}}, toy.pipeline(count=7))
  task = spec['root']['dag']['tasks']['WriteExamples']
  assert task['inputs']['parameters']['count'] == {'componentInputParameter': 'images'}
  assert spec['root']['inputDefinitions']['parameters'] == {
    'images': {'parameterType': 'NUMBER_INTEGER', 'defaultValue': 7}
  }


def test_compiling_leaves_the_pipeline_as_it_was(tmp_path):
  pipeline = toy.pipeline(count=7)
  compiled(tmp_path, {'runtime_parameters': {'images': 'WriteExamples.count'}}, pipeline)
  assert pipeline.components[0].exec_properties['count'] == 7


def test_steps_are_cached_but_not_those_whose_driver_kfp_does_not_run(tmp_path):
  spec, _ = compiled(tmp_path, pipeline=toy.pipeline(extra=[CsvExampleGen(input_base='/data')]))
  tasks = spec['root']['dag']['tasks']
  assert tasks['Count']['cachingOptions'] == {'enableCache': True}
  assert 'cachingOptions' not in tasks['CsvExampleGen']


def test_a_value_passed_by_future_is_refused(tmp_path):
  name = toy.Name()
  pipeline = toy.pipeline(destination=name.outputs['name'].future()[0].value, extra=[name])
  with pytest.raises(ConfigError, match='Publish.destination.*future'):
    compiled(tmp_path, pipeline=pipeline)


def test_defaults_of_tfx_runtime_parameters_are_kept(tmp_path):
  input_base = RuntimeParameter('data', ptype=str, default='s3://bucket/data')
  spec, _ = compiled(tmp_path, pipeline=toy.pipeline(extra=[CsvExampleGen(input_base=input_base)]))
  assert spec['root']['inputDefinitions']['parameters']['data']['defaultValue'] == 's3://bucket/data'


def test_an_unknown_component_is_refused_and_nothing_is_written(tmp_path):
  with pytest.raises(ConfigError, match='nearest: "components.Count"') as refused:
    compiled(tmp_path, {'components': {'Cuont': {'gpus': 1}}})
  assert '\n' not in str(refused.value)
  assert list(tmp_path.iterdir()) == []


def test_a_resolver_is_refused_because_the_driver_would(tmp_path):
  latest = resolver.Resolver(
    strategy_class=LatestArtifactStrategy, model=channel.Channel(type=standard_artifacts.Model)
  ).with_id('latest_model')
  with pytest.raises(ConfigError, match='latest_model.*Importer'):
    compiled(tmp_path, pipeline=toy.pipeline(extra=[latest]))


def test_only_yaml_is_written(tmp_path):
  with pytest.raises(ConfigError, match='pipeline.json.*YAML'):
    kfp_v2.compile_pipeline(toy.pipeline(), KubeflowConfig(), str(tmp_path / 'pipeline.json'))
