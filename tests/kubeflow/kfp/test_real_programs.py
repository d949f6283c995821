"""KFP's own driver and launcher on what this project compiles: make test-kfp KFP_BIN=DIR. See kubeflow/README.md.

DIR holds `driver` and `launcher-v2` of a KFP 2 release. Kubernetes and KFP's task service are stubs, named so; the
metadata store is MLMD's own, the object store speaks S3.
"""

import dataclasses
import json
import os
import pathlib
import signal
import threading

import kubeflow_toy as toy
import pytest
import yaml

from detection.sample_data import draw
from kubeflow.compiler import compiled_file, targets
from kubeflow.emulator import emulate
from pipeline import config
from tests.support.environments import PROJECT
from tests.support.kfp import cluster, pod_spec
from tests.support.kfp.compare import comparable
from tests.support.kfp.workflow import Workflow
from tests.support.whole_runs import QUICK, assert_pushed

pytestmark = pytest.mark.slow

TRAINER = {
  'gpus': 1,
  'cpu': 2,
  'memory': '8Gi',
  'shared_memory': '1Gi',
  'scratch': '1Gi',
  'volumes': [{'claim': 'weights', 'mount_path': '/weights', 'sub_path': 'zoo'}],
  'retries': 1,
  'node_selector': {'pool': 'gpu'},
  'tolerations': [{'key': 'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'}],
}


@pytest.fixture(scope='module')
def kfp(tmp_path_factory):
  """The services around KFP's own programs."""
  folder = os.environ.get('KFP_BIN')
  if not folder:
    pytest.skip("needs KFP's own driver and launcher-v2, which are not part of this project: KFP_BIN=DIR names them")
  programs = [pathlib.Path(folder, name).absolute() for name in ('driver', 'launcher-v2')]
  missing = [str(path) for path in programs if not path.is_file()]
  assert not missing, f'KFP_BIN: expected {", ".join(missing)}. kubeflow/README.md says where they come from.'
  with cluster.running(*map(str, programs), tmp_path_factory.mktemp('pods')) as running:
    yield running


@pytest.fixture
def data(tmp_path):
  draw.write(str(tmp_path / 'data'), images=24, seed=0)
  return tmp_path / 'data'


OPEN_SOURCE = emulate.Options(open_source=True, pipeline_root=f'minio://{cluster.BUCKET}/v2/artifacts')


def places(folder):
  """Parameters of a run: where its checkpoints and its models are kept."""
  return [f'work_root={folder}/work', f'push_destination={folder}/serving']


def section(kfp, **components):
  """The run config's kubeflow section for this cluster."""
  keys = {'AWS_ACCESS_KEY_ID': 'accesskey', 'AWS_SECRET_ACCESS_KEY': 'secretkey'}
  env = {name: value for name, value in kfp.s3.variables.items() if name not in keys}
  return {'defaults': {'env': env, 'secrets': [{'name': cluster.SECRET, 'env': keys}]}, 'components': components}


def compiled(kfp, tmp_path, data_root, *overrides, source='configs/demo.yaml', **components):
  """Compiles a run config for this cluster."""
  path = tmp_path / 'compiled.yaml'
  loaded = config.load(str(PROJECT / source), str(data_root), [*QUICK, *overrides])
  targets.compile_config(loaded.copy(update={'kubeflow': section(kfp, **components)}), 'kfp', str(path))
  return path


def with_gpus(run):
  """The tasks whose pods have a GPU; checks of each pod, field by field, that it has what the file says and no more."""
  executors = run.compiled.spec['deploymentSpec']['executors']
  platform = run.compiled.platforms['platforms']['kubernetes']['deploymentSpec']['executors']
  for name, task in run.tasks.items():
    container, kubernetes = executors[f'{name}_executor']['container'], platform.get(f'{name}_executor', {})
    launch = task.container['command']
    assert (launch[0], launch[-1]) == ('/kfp-launcher/launch', '--'), name
    own = [*container['command'], *container.get('args', [])]
    assert pod_spec.comparable(task.patch) == pod_spec.comparable(pod_spec.patch(container, kubernetes, launch, own)), (
      name
    )
  return [name for name, task in run.tasks.items() if 'nvidia.com/gpu' in str(task.patch)]


def test_all_that_a_component_can_be_given_is_in_its_pod_and_in_no_other(kfp, workflow, compile_toy):
  given = {
    **TRAINER,
    'env': {'LEVEL': 'high'},
    'secrets': [
      {'name': cluster.SECRET, 'env': {'AWS_ACCESS_KEY_ID': 'accesskey'}},
      {'name': 'licence', 'mount_path': '/licence', 'optional': True},
    ],
  }
  rest = {'image_pull_secrets': ['registry'], 'image_pull_policy': 'Always', 'defaults': {'cpu': '500m'}}
  path = toy.with_command(compile_toy(toy.pipeline(), components={'Count': given}, **rest), 'true')
  run = workflow(kfp, path)
  assert run.run(), run.states
  assert with_gpus(run) == ['Count']


def test_a_second_run_of_another_pipeline_is_taken_from_kfps_cache(kfp, workflow, compile_toy):
  path = toy.with_command(compile_toy(toy.pipeline()), 'true')
  assert workflow(kfp, path, cache=True).run()
  again = workflow(kfp, path, cache=True)
  assert again.run()
  assert set(again.states.values()) == {'CACHED'}


def test_a_whole_run_from_s3_to_a_pushed_model(kfp, workflow, data, tmp_path):
  kfp.s3.upload(data, cluster.BUCKET, 'data')
  path = compiled(kfp, tmp_path, f's3://{cluster.BUCKET}/data', ODAPITrainer=TRAINER)
  work, serving = f'minio://{cluster.BUCKET}/work', f's3://{cluster.BUCKET}/serving'
  run = workflow(kfp, path, f'work_root={work}', f'push_destination={serving}')
  assert run.run(), run.states
  assert_pushed([key.removeprefix('serving/') for key in kfp.s3.keys(cluster.BUCKET, 'serving/')])
  assert with_gpus(run) == ['ODAPITrainer']


@pytest.fixture(scope='module')
def local_run(kfp, tmp_path_factory):
  """A whole run from local data, with KFP's cache on, which ingestion may use too."""
  folder = tmp_path_factory.mktemp('local')
  draw.write(str(folder / 'data'), images=24, seed=0)
  path = compiled(kfp, folder, folder / 'data', VocExampleGen={'cache': True})
  run = Workflow(kfp, compiled_file.read(str(path)), folder / 'workflow', places(folder / 'kfp'), cache=True)
  assert run.run(), run.states
  return run


def test_a_whole_run_from_local_data(local_run):
  serving = local_run.folder.parent / 'kfp/serving'
  assert_pushed([str(path.relative_to(serving)) for path in serving.rglob('*')])


def test_the_emulator_sends_each_step_of_it_what_kfp_sends_it(local_run, tmp_path):
  folder = local_run.folder.parent
  compiled_there = str(folder / 'compiled.yaml')
  assert emulate.emulate(compiled_there, str(tmp_path / 'runs'), places(tmp_path / 'emulated'), OPEN_SOURCE)
  assert_the_emulator_sent_the_same(local_run, tmp_path / 'runs', {folder / 'kfp': 'W', tmp_path / 'emulated': 'W'})


def test_a_second_run_takes_from_kfps_cache_what_it_may(local_run):
  again = dataclasses.replace(local_run, folder=local_run.folder.with_name('again'), tasks={})
  assert again.run()
  tasks = again.compiled.spec['root']['dag']['tasks']
  expected = {name: 'CACHED' if 'cachingOptions' in task else 'SUCCEEDED' for name, task in tasks.items()}
  assert 'CACHED' in expected.values()
  assert again.states == expected


def test_every_step_there_is(kfp, workflow, data, tmp_path):
  draw.write(str(tmp_path / 'night'), images=8, seed=1, domain='night')
  source = 'tests/kubeflow/every_step.yaml'
  path = compiled(kfp, tmp_path, data, f'adapt.target={tmp_path}/night', source=source)
  run = workflow(kfp, path, *places(tmp_path))
  assert run.run(), run.states


def test_a_step_that_fails_ends_the_run_and_says_why(kfp, workflow, tmp_path):
  path = compiled(kfp, tmp_path, tmp_path / 'nowhere')
  run = workflow(kfp, path, *places(tmp_path))
  assert not run.run()
  assert run.states['VocExampleGen'] == 'FAILED'
  assert run.states['ODAPITrainer'] == 'OMITTED'
  log = run.tasks['VocExampleGen'].logs[-1].read_text()
  assert str(tmp_path / 'nowhere') in log
  assert 'Traceback' not in log


def test_a_trainer_that_is_killed_goes_on_from_its_checkpoint_when_it_is_tried_again(kfp, workflow, data, tmp_path):
  work = tmp_path / 'work'
  path = compiled(kfp, tmp_path, data, 'train.num_steps=40', 'train.checkpoint_every=2', ODAPITrainer={'retries': 1})
  run = workflow(kfp, path, *places(tmp_path))
  watchers = []

  def kill_once_it_has_taken_steps(name, attempt, process):
    if (name, attempt) == ('ODAPITrainer', 0):
      watchers.append(threading.Thread(target=_kill_when, args=(process, work, 'ckpt-[1-9]*.index')))
      watchers[-1].start()

  run.during = kill_once_it_has_taken_steps
  assert run.run(), run.states
  watchers[0].join()
  assert len(run.tasks['ODAPITrainer'].statuses) == 2
  pushed = next((tmp_path / 'serving').rglob('saved_model.pb'))
  assert pushed.exists()
  log = run.tasks['ODAPITrainer'].logs[-1].read_text()
  assert 'resuming at step' in log, log[-2000:]


def _kill_when(process, folder, pattern):
  pause = threading.Event()
  while process.poll() is None and not any(folder.rglob(pattern)):
    pause.wait(0.2)
  if process.poll() is None:
    os.killpg(process.pid, signal.SIGKILL)


def test_the_emulator_sends_each_step_of_another_pipeline_what_kfp_sends_it(kfp, workflow, compile_toy, tmp_path):
  path = compile_toy(toy.pipeline(destination=str(tmp_path / 'published')))
  run = workflow(kfp, path)
  assert run.run(), run.states
  assert emulate.emulate(path, str(tmp_path / 'runs'), options=OPEN_SOURCE)
  assert_the_emulator_sent_the_same(run, tmp_path / 'runs')
  assert yaml.safe_load((tmp_path / 'published/label_map.pbtxt').read_text())['records'] == 5


# Publishes a property of each kind, and a folder within that of its output.
PUBLISHING = """
import json, os, pathlib, sys
sent = json.loads(sys.argv[1])
properties = {'text': 'a', 'empty': '', 'whole': 3, 'real': 0.5, 'flag': True, 'list': [1, 'b'], 'struct': {'c': False}}
made = {}
for key, held in sent['outputs']['artifacts'].items():
  uri = held['artifacts'][0]['uri']
  if key != 'executor-logs':
    folder = pathlib.Path(os.environ.get('KFP_MOUNT_ROOT', '') + '/minio', uri.removeprefix('minio://'), 'inner')
    folder.mkdir(parents=True)
    (folder / 'file').write_text('content')
    made[key] = {'artifacts': [{'name': key, 'uri': uri + '/inner', 'metadata': properties}]}
pathlib.Path(sent['outputs']['outputFile']).write_text(json.dumps({'artifacts': made}))
"""


def test_what_a_step_publishes_of_its_outputs_comes_back_from_the_emulator_as_from_kfp(
  kfp, workflow, compile_toy, tmp_path
):
  path = toy.with_command(compile_toy(toy.pipeline()), 'python', '-c', PUBLISHING, '{{$}}')
  run = workflow(kfp, path)
  assert run.run(), run.states
  assert emulate.emulate(path, str(tmp_path / 'runs'), options=OPEN_SOURCE)
  assert_the_emulator_sent_the_same(run, tmp_path / 'runs')


def assert_the_emulator_sent_the_same(run, root, places=None):
  """Compares each step's ExecutorInput; `places` has folders of the two runs that stand for one another."""
  roots = [f'minio://{cluster.BUCKET}/v2/artifacts/{run.compiled.name}/{each}' for each in (run.names.id, 'run-1')]
  for name, task in run.tasks.items():
    emulated = json.loads((root / 'run-1' / name / 'executor_input.json').read_text())
    found = comparable(emulated, roots[1], str(root / 'emulated-pod'), places)
    # As text, in which 5 and 5.0 are not the same.
    assert as_text(found) == as_text(comparable(task.executor_input, roots[0], places=places)), name


def as_text(sent):
  return json.dumps(sent, indent=1, sort_keys=True)


# Fails, and tells which variables of Kubeflow's it has found; the emulator and this test have one each of their own.
FAILING = """
import os
kubeflows = {name for name in os.environ if name.startswith(("KFP_", "METADATA_"))}
print(sorted(kubeflows - {"KFP_MOUNT_ROOT", "KFP_BIN"}))
raise SystemExit(7)
"""


def test_of_a_step_that_fails_the_emulator_keeps_what_kfp_keeps(kfp, workflow, compile_toy, tmp_path, capsys):
  path = toy.with_command(
    compile_toy(toy.pipeline(), components={'WriteExamples': {'retries': 1}}), 'python', '-c', FAILING
  )
  run = workflow(kfp, path)
  assert not run.run()
  assert run.tasks['WriteExamples'].statuses == [1, 1]
  assert not emulate.emulate(path, str(tmp_path / 'runs'), options=OPEN_SOURCE)
  assert "exit status 7 (the pod's is 1, the launcher's)" in capsys.readouterr().out
  keys = kfp.s3.keys(cluster.BUCKET, f'v2/artifacts/toy/{run.names.id}/')
  kept = {key.rpartition('/')[2]: kfp.s3.read(cluster.BUCKET, key).decode() for key in keys}
  store = tmp_path / 'runs/store/minio'
  emulated = {path.name: path.read_text() for path in store.rglob('*') if path.is_file()}
  assert kept == emulated
  assert sorted(kept) == ['executor-logs-0', 'executor-logs-1']
