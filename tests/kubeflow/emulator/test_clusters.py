"""How each kind of cluster sends artifacts and takes what was made, as KFP 2.17.0's driver and launcher do it."""

import json

import pytest

from kubeflow.emulator import clusters
from kubeflow.emulator.clusters import ClusterError

KIND = {'instanceSchema': 'title: tfx.Examples\ntype: object\n'}
EXAMPLES = {
  'name': '3',
  'uri': 'minio://b/run/examples',
  'type': KIND,
  'metadata': {'n': 5, 'whole': True, 'names': ['a'], 'sizes': {'a': 1}, 'split_names': '["train"]'},
}
DEFINITIONS = {'model': {'artifactType': {'schemaTitle': 'tfx.Model'}, 'metadata': {'a': 1}}}


@pytest.fixture
def open_source(tmp_path):
  return clusters.OpenSource(tmp_path / 'store', 'minio://b/root/')


@pytest.fixture
def without_mlmd(tmp_path):
  return clusters.WithoutMlmd(tmp_path / 'store', 'minio://b/root/')


def test_an_input_comes_back_from_mlmd_without_its_type_and_with_other_values(open_source):
  examples = open_source.sent(EXAMPLES)
  assert examples['type'] == {'instanceSchema': ''}
  assert (examples['name'], examples['uri']) == ('3', EXAMPLES['uri'])
  metadata = examples['metadata']
  store = json.loads(metadata.pop('store_session_info'))
  assert (store['Provider'], store['Params']['endpoint']) == ('minio', 'seaweedfs.kubeflow:9000')
  assert metadata == {
    'n': 5.0,
    'whole': 1.0,
    'names': {'list': ['a']},
    'sizes': {'struct': {'a': 1}},
    'split_names': '["train"]',
  }


@pytest.mark.parametrize(
  ('metadata', 'expected'),
  [
    pytest.param({'n': 5}, 'examples', id="the output's name, not that of the folder it was put in"),
    pytest.param({'display_name': 'raccoons'}, 'raccoons', id='one of the executors own'),
  ],
)
def test_an_output_is_recorded_under_a_name(open_source, metadata, expected):
  moved = {**EXAMPLES, 'uri': 'minio://b/run/examples/inner', 'metadata': metadata}
  recorded = open_source.recorded('examples', moved)
  assert open_source.sent(recorded)['metadata']['display_name'] == expected
  assert 'display_name' not in open_source.sent(EXAMPLES)['metadata']


def test_the_launcher_cannot_keep_a_property_without_a_value(open_source):
  with pytest.raises(ClusterError, match='"best": unknown value type null'):
    open_source.sent({**EXAMPLES, 'metadata': {'best': None}})


def test_after_mlmd_the_whole_schema_is_the_title_and_values_are_as_they_were(without_mlmd):
  examples = without_mlmd.sent(EXAMPLES)
  assert examples['type'] == {'schemaTitle': KIND['instanceSchema']}
  assert (examples['name'], examples['artifactId']) == ('examples', '3')
  assert examples['metadata'] == EXAMPLES['metadata']
  assert 'metadata' not in without_mlmd.sent({**EXAMPLES, 'metadata': {}})
  moved = without_mlmd.recorded('records', EXAMPLES)
  assert without_mlmd.sent(moved)['name'] == 'records'


def test_a_plain_cluster_sends_types_and_local_folders(tmp_path):
  plain = clusters.Plain(tmp_path / 'artifacts')
  assert plain.sent(EXAMPLES) == EXAMPLES
  (model,) = plain.outputs('Train', DEFINITIONS)['model']['artifacts']
  kind = {'schemaTitle': 'tfx.Model'}
  assert model == {'uri': f'{tmp_path}/artifacts/Train/model', 'type': kind, 'metadata': {'a': 1}}


def test_outputs_are_named_lie_side_by_side_and_there_is_one_more(open_source, tmp_path):
  outputs = open_source.outputs('Train', DEFINITIONS)
  assert set(outputs) == {'model', 'executor-logs'}
  (model,) = outputs['model']['artifacts']
  (logs,) = outputs['executor-logs']['artifacts']
  assert (model['name'], logs['name']) == ('model', 'executor-logs')
  assert logs['type'] == {'schemaTitle': 'system.Artifact'}
  root = model['uri'].removesuffix('/model')
  assert root.startswith('minio://b/root/Train/')
  assert logs['uri'] == f'{root}/executor-logs'
  # The file that says what was made is beside their local copies.
  assert open_source.output_file(tmp_path, 'Train') == clusters.mounted(tmp_path, root) / 'output_metadata.json'


def test_each_attempt_has_a_log_of_its_own_and_the_same_outputs(open_source):
  sent = {'outputs': {'artifacts': open_source.outputs('Train', DEFINITIONS)}}
  first, second = (open_source.of_attempt(sent, attempt)['outputs']['artifacts'] for attempt in (1, 2))
  assert first['model'] == second['model'] == sent['outputs']['artifacts']['model']
  logs = [outputs['executor-logs']['artifacts'][0]['uri'].rsplit('/', 1)[1] for outputs in (first, second)]
  assert logs == ['executor-logs-0', 'executor-logs-1']


def test_a_step_finds_its_pod_and_the_store_of_metadata_in_its_variables(open_source, tmp_path):
  variables = open_source.environment(tmp_path, 2, retried=True)
  assert variables['KFP_RETRY_INDEX'] == '1'
  assert {'KFP_POD_NAME', 'KFP_POD_UID', 'METADATA_GRPC_SERVICE_HOST', 'METADATA_GRPC_SERVICE_PORT'} <= set(variables)
  # Argo knows the number of an attempt only where there may be several.
  assert 'KFP_RETRY_INDEX' not in open_source.environment(tmp_path, 1, retried=False)


def test_inputs_are_copied_into_the_pod_and_what_was_made_out_of_it(open_source, tmp_path):
  pod = tmp_path / 'pod'
  (tmp_path / 'store/minio/b/run/examples').mkdir(parents=True)
  (tmp_path / 'store/minio/b/run/examples/a').write_text('record')
  outputs = open_source.outputs('Train', DEFINITIONS)
  sent = {'inputs': {'artifacts': {'examples': {'artifacts': [EXAMPLES]}}}, 'outputs': {'artifacts': outputs}}
  open_source.stage_in(pod, sent)
  assert (pod / 'minio/b/run/examples/a').read_text() == 'record'
  (model,) = outputs['model']['artifacts']
  made = clusters.mounted(pod, model['uri'])
  kept = tmp_path / 'store' / model['uri'].replace('://', '/')
  assert made.parent.is_dir()
  open_source.upload(pod, 'model', model)  # not made: no error
  assert not kept.exists()
  (made / 'empty').mkdir(parents=True)
  (made / 'saved_model.pb').write_text('model')
  open_source.upload(pod, 'model', model)
  # An object store has no folders.
  assert [path.name for path in kept.iterdir()] == ['saved_model.pb']


def test_after_mlmd_an_output_that_was_not_made_is_an_error(without_mlmd, tmp_path):
  outputs = without_mlmd.outputs('Train', DEFINITIONS)
  with pytest.raises(ClusterError, match='declared output artifact "model" is missing'):
    without_mlmd.upload(tmp_path, 'model', outputs['model']['artifacts'][0])
  without_mlmd.upload(tmp_path, 'executor-logs', outputs['executor-logs']['artifacts'][0])


def test_only_the_open_source_launcher_hides_the_status_of_a_step(open_source, tmp_path):
  assert open_source.pod_status(2) == "exit status 2 (the pod's is 1, the launcher's)"
  assert clusters.Plain(tmp_path).pod_status(2) == 'exit status 2'
