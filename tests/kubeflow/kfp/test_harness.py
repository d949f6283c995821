"""The harness for KFP's own programs, tried with stand-ins: everything that can be tried where the real ones are not.

The stand-ins take the flags of KFP 2.17.0's programs and refuse others. They are not KFP's, and prove nothing of it.
"""

import json
import pathlib
import ssl
import subprocess
import urllib.error
import urllib.request

import kubeflow_toy as toy
import pytest
import yaml

from tests.support.kfp import arguments, compare, kubernetes_stub, pod_root, workflow
from tests.support.kfp.cluster import providers

GPU = {
  'gpus': 1,
  'cpu': 8,
  'memory': '32G',
  'node_selector': {'pool': 'gpu'},
  'tolerations': [{'key': 'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'}],
  'secrets': [{'name': 'mlpipeline-minio-artifact', 'env': {'AWS_ACCESS_KEY_ID': 'accesskey'}}],
  'env': {'S3_ENDPOINT': 'here'},
}
# Each step writes what it was given, and a file for each of its outputs.
STEP = """
import json, os, pathlib, sys
sent = json.loads(sys.argv[1])
found = sorted(path.name for path in pathlib.Path('/minio').rglob('made-by-*'))
print('input', found, os.environ.get('AWS_ACCESS_KEY_ID'))
for key, held in sent['outputs']['artifacts'].items():
  if key != 'executor-logs':
    folder = pathlib.Path('/minio', held['artifacts'][0]['uri'].removeprefix('minio://'))
    folder.mkdir(parents=True)
    (folder / f'made-by-{key}').write_text('content')
"""


@pytest.fixture
def compiled(compile_toy):
  """The toy pipeline, whose steps are small scripts; Count has a GPU."""
  return lambda command=STEP, **components: toy.with_command(
    compile_toy(toy.pipeline(), components={'Count': GPU, **components}), 'python', '-c', command, '{{$}}'
  )


@pytest.mark.slow
def test_a_run_goes_through_driver_and_launcher_task_by_task(compiled, stand_in_cluster, workflow):
  run = workflow(stand_in_cluster, compiled())
  assert run.run(), run.states
  assert run.states == dict.fromkeys(('WriteExamples', 'Count', 'Publish'), 'SUCCEEDED')
  kinds = [(kind, words[words.index('--type') + 1] if kind == 'driver' else '') for kind, words in stand_in_cluster.ran]
  assert kinds == [('driver', 'ROOT_DAG'), *[('driver', 'CONTAINER'), ('launcher', '')] * 3]
  # The input came from the object store, and the variable from the secret.
  assert "input ['made-by-examples'] any" in run.tasks['Count'].logs[-1].read_text()
  assert stand_in_cluster.s3.keys('mlpipeline', f'v2/artifacts/toy/{run.names.id}/Count/')
  asked = [path.rpartition('/kubeflow/')[2] for path in stand_in_cluster.kubernetes.asked]
  assert asked[0] == 'configmaps/kfp-launcher'
  assert 'secrets/mlpipeline-minio-artifact' in asked
  assert [path for path in asked if path.startswith('pods/')]
  # Only the trainer's like has limits, selector and toleration.
  patch = run.tasks['Count'].patch
  assert run.tasks['Count'].container['resources']['limits'] == {'cpu': '8', 'memory': '32G', 'nvidia.com/gpu': '1'}
  assert patch['nodeSelector'] == {'pool': 'gpu'}
  assert [toleration['key'] for toleration in patch['tolerations']] == ['nvidia.com/gpu']
  for other in ('WriteExamples', 'Publish'):
    assert set(run.tasks[other].patch) == {'containers'}
    assert not run.tasks[other].container['resources'].get('limits')


@pytest.mark.slow
def test_a_second_run_is_served_by_the_task_service(compiled, stand_in_cluster, workflow):
  path = compiled()
  assert workflow(stand_in_cluster, path, cache=True).run()
  assert len(stand_in_cluster.tasks.tasks) == 3
  again = workflow(stand_in_cluster, path, cache=True)
  assert again.run()
  assert set(again.states.values()) == {'CACHED'}


@pytest.mark.slow
def test_a_step_that_fails_is_tried_again_in_a_new_pod_and_ends_the_run(compiled, stand_in_cluster, workflow):
  run = workflow(
    stand_in_cluster,
    compiled('import os; print(os.listdir("/minio")); raise SystemExit(7)', WriteExamples={'retries': 1}),
  )
  started = []
  run.during = lambda name, attempt, process: started.append((name, attempt))
  assert not run.run()
  assert run.states == {'WriteExamples': 'FAILED', 'Count': 'OMITTED', 'Publish': 'OMITTED'}
  assert started == [('WriteExamples', 0), ('WriteExamples', 1)]
  assert 'exit status 7' in run.tasks['WriteExamples'].logs[-1].read_text()
  keys = stand_in_cluster.s3.keys('mlpipeline', f'v2/artifacts/toy/{run.names.id}/')
  logs = [key.rpartition('/')[2] for key in keys if 'executor-logs' in key]
  assert logs == ['executor-logs-0', 'executor-logs-1']


NAMES = arguments.RunNames('toy', 'id', 'toy-1')
PORTS = arguments.Addresses(metadata=1, task_service=2)


@pytest.mark.parametrize('flag', ['http_proxy', 'runtime_config'])
def test_without_a_flag_that_the_release_requires_the_program_refuses_to_start(stand_ins, flag):
  words = arguments.root_dag(NAMES, PORTS, {'dag': {}}, {'parameterValues': {}}, '/outputs', cache=False)
  position = words.index(f'--{flag}')
  done = subprocess.run(
    [stand_ins['driver'], *words[:position], *words[position + 2 :]], capture_output=True, text=True, timeout=60
  )
  assert done.returncode == 1
  assert flag in done.stderr


def test_a_tasks_driver_is_given_the_parts_of_the_file_that_belong_to_it(compiled):
  spec, platforms = yaml.safe_load_all(pathlib.Path(compiled()).read_text())
  executor = spec['deploymentSpec']['executors']['Count_executor']['container']
  kubernetes = platforms['platforms']['kubernetes']['deploymentSpec']['executors']['Count_executor']
  task = ('Count', spec['root']['dag']['tasks']['Count'])
  words = arguments.container(NAMES, PORTS, task, spec['components']['Count'], (executor, kubernetes), '7', '/o', True)
  given = dict(zip(words[::2], words[1::2], strict=True))
  assert json.loads(given['--container']) == executor
  assert json.loads(given['--kubernetes_config']) == kubernetes
  assert json.loads(given['--task'])['taskInfo']['name'] == 'Count'
  assert (given['--dag_execution_id'], given['--mlmd_server_port'], given['--no_proxy']) == ('7', '1', '')
  assert '--cache_disabled' not in words


@pytest.mark.parametrize(
  ('files', 'expected'),
  [
    pytest.param({'cached-decision': 'true'}, (True, True, False), id='cached'),
    pytest.param({'condition': 'nil', 'pod-spec-patch': '{"a": 1}'}, (False, None, True), id='to be run'),
    pytest.param({'condition': 'false'}, (False, False, False), id='not wanted'),
  ],
)
def test_what_the_driver_wrote_decides_what_becomes_of_a_task(tmp_path, files, expected):
  for name, content in files.items():
    (tmp_path / name).write_text(content)
  found = workflow.decision(tmp_path)
  assert (found.cached, found.condition, bool(found.patch)) == expected


@pytest.mark.parametrize(
  ('files', 'message'),
  [
    pytest.param({'cached-decision': 'yes'}, "cached-decision: 'yes'", id='a word of its own'),
    pytest.param({}, 'pod-spec-patch: expected one', id='nothing to run'),
    pytest.param({'cached-decision': 'true', 'pod-spec-patch': '{"a": 1}'}, 'expected none', id='cached, and a pod'),
  ],
)
def test_what_the_driver_never_writes_is_a_failure(tmp_path, files, message):
  for name, content in files.items():
    (tmp_path / name).write_text(content)
  with pytest.raises(AssertionError, match=message):
    workflow.decision(tmp_path)


def test_two_inputs_are_equal_but_for_what_differs_from_run_to_run(tmp_path):
  def sent(run, salt, ident, pod, endpoint):
    root = f'minio://b/toy/{run}'
    session = json.dumps({'Provider': 'minio', 'Params': {'endpoint': endpoint}})
    examples = {
      'name': ident,
      'uri': f'{root}/A/{salt}/examples',
      'metadata': {'store_session_info': session, 'n': 5.0},
    }
    return {
      'inputs': {'artifacts': {'examples': {'artifacts': [examples]}}},
      'outputs': {'outputFile': f'{pod}/minio/b/toy/{run}/A/{salt}/output_metadata.json'},
    }

  salts = [f'{number}{"0" * 7}-0000-0000-0000-{"0" * 12}' for number in range(3)]
  real = compare.comparable(sent(salts[0], salts[1], '17', '', 'a:1'), f'minio://b/toy/{salts[0]}')
  emulated = compare.comparable(sent('run-1', salts[2], '3', '/p', 'b:2'), 'minio://b/toy/run-1', '/p')
  assert real == emulated
  assert real['outputs']['outputFile'] == 'MOUNT/A/SALT/output_metadata.json'
  other = sent('run-1', salts[2], '3', '/p', 'b:2')
  other['inputs']['artifacts']['examples']['artifacts'][0]['metadata']['n'] = 6
  assert compare.comparable(other, 'minio://b/toy/run-1', '/p') != real


def test_variables_in_a_command_are_filled_in_as_kubernetes_does_it():
  assert workflow.expanded('$(POD) $(OTHER) $$(POD)', {'POD': 'pod-1'}) == 'pod-1 $(OTHER) $(POD)'


def test_the_stub_of_kubernetes_answers_only_who_trusts_it_and_has_its_token(tmp_path):
  with kubernetes_stub.running(tmp_path) as stub:
    stub.put('configmaps', 'kfp-launcher', data={'providers': yaml.safe_dump(providers('http://127.0.0.1:9'))})
    address = f'https://127.0.0.1:{stub.port}/api/v1/namespaces/kubeflow/configmaps/'

    def ask(name, token=kubernetes_stub.TOKEN, **trust):
      request = urllib.request.Request(address + name, headers={'Authorization': f'Bearer {token}'})
      return json.load(urllib.request.urlopen(request, context=ssl.create_default_context(**trust), timeout=5))

    trusted = {'cadata': stub.certificate}
    store = yaml.safe_load(ask('kfp-launcher', **trusted)['data']['providers'])['minio']['default']
    assert (store['endpoint'], store['credentials']['fromEnv']) == ('127.0.0.1:9', False)
    for name, token, status in (('kfp-launcher', 'another', 401), ('other', kubernetes_stub.TOKEN, 404)):
      with pytest.raises(urllib.error.HTTPError) as refused:
        ask(name, token, **trusted)
      assert refused.value.code == status
    with pytest.raises(urllib.error.URLError, match='CERTIFICATE_VERIFY_FAILED'):
      ask('kfp-launcher')


def test_a_pod_has_a_root_of_its_own_that_leaves_nothing_behind(tmp_path):
  pod_root.skip_where_impossible(tmp_path)
  pod = pod_root.make(tmp_path / 'pod', 'kubeflow', 'token', 'certificate', None)
  script = 'cat /var/run/secrets/kubernetes.io/serviceaccount/namespace; echo made > /minio/file; pwd'
  done = subprocess.run(pod_root.command(pod, 'sh', '-c', script), capture_output=True, text=True, cwd=tmp_path)
  assert (done.stdout, done.stderr) == (f'kubeflow{tmp_path}\n', '')
  assert (pod / 'minio/file').read_text() == 'made\n'
  assert list((pod / '.root').iterdir()) == []
