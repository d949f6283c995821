"""KFP's own driver and launcher on what this project compiles: make test-kfp KFP_BIN=DIR. See kubeflow/README.md.

DIR holds `driver` and `launcher-v2` of a KFP 2 release. Kubernetes and KFP's task service are stubs, named so; the
metadata store is MLMD's own, the object store speaks S3.
"""

import json
import os
import pathlib
import signal
import threading

import kubeflow_toy as toy
import pytest
import yaml

from detection.sample_data import draw
from kubeflow.compiler import targets
from kubeflow.emulator import emulate
from pipeline import config
from tests.support.environments import PROJECT
from tests.support.kfp import cluster
from tests.support.kfp.compare import comparable
from tests.support.whole_runs import QUICK, assert_pushed

pytestmark = pytest.mark.slow

TRAINER = {
  'gpus': 1,
  'cpu': 2,
  'memory': '8Gi',
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


def assert_patches_are_what_the_file_says(run):
  """Each pod has the image, command, variables, limits, selector and tolerations of its own step, and no more."""
  executors = run.compiled.spec['deploymentSpec']['executors']
  platform = run.compiled.platforms['platforms']['kubernetes']['deploymentSpec']['executors']
  for name, task in run.tasks.items():
    container, kubernetes = executors[f'{name}_executor']['container'], platform.get(f'{name}_executor', {})
    given = task.container
    assert given['image'] == container['image'], name
    assert given['command'][0] == '/kfp-launcher/launch', name
    assert given['args'] == [*container['command'], *container.get('args', [])], name
    said = {variable['name']: variable.get('value') for variable in given['env']}
    assert {each['name']: each['value'] for each in container.get('env', [])}.items() <= said.items(), name
    secrets = {key['envVar'] for each in kubernetes.get('secretAsEnv', []) for key in each['keyToEnv']}
    assert secrets <= {variable['name'] for variable in given['env'] if 'valueFrom' in variable}, name
    accelerator = container.get('resources', {}).get('accelerator')
    limits = given['resources'].get('limits', {})
    assert limits.get('nvidia.com/gpu') == (accelerator['count'] if accelerator else None), name
    for limit, field in (('cpu', 'cpuLimit'), ('memory', 'memoryLimit')):
      assert (limit in limits) == (field in container.get('resources', {})), name
    assert task.patch.get('nodeSelector') == kubernetes.get('nodeSelector', {}).get('labels'), name
    tolerations = [{key: value for key, value in each.items() if value} for each in task.patch.get('tolerations', [])]
    assert tolerations == kubernetes.get('tolerations', []), name


def test_a_whole_run_from_s3_to_a_pushed_model(kfp, workflow, data, tmp_path):
  kfp.s3.upload(data, cluster.BUCKET, 'data')
  path = compiled(kfp, tmp_path, f's3://{cluster.BUCKET}/data', ODAPITrainer=TRAINER)
  places = (f'work_root=minio://{cluster.BUCKET}/work', f'push_destination=s3://{cluster.BUCKET}/serving')
  run = workflow(kfp, path, *places)
  assert run.run(), run.states
  assert_pushed([key.removeprefix('serving/') for key in kfp.s3.keys(cluster.BUCKET, 'serving/')])
  assert_patches_are_what_the_file_says(run)


def test_a_whole_run_from_local_data(kfp, workflow, data, tmp_path):
  run = workflow(
    kfp, compiled(kfp, tmp_path, data), f'work_root={tmp_path}/work', f'push_destination={tmp_path}/serving'
  )
  assert run.run(), run.states
  serving = tmp_path / 'serving'
  assert_pushed([str(path.relative_to(serving)) for path in serving.rglob('*')])


def test_every_step_there_is(kfp, workflow, data, tmp_path):
  draw.write(str(tmp_path / 'night'), images=8, seed=1, domain='night')
  source = 'tests/kubeflow/every_step.yaml'
  path = compiled(kfp, tmp_path, data, f'adapt.target={tmp_path}/night', source=source)
  run = workflow(kfp, path, f'work_root={tmp_path}/work', f'push_destination={tmp_path}/serving')
  assert run.run(), run.states


def test_a_step_that_fails_ends_the_run_and_says_why(kfp, workflow, tmp_path):
  path = compiled(kfp, tmp_path, tmp_path / 'nowhere')
  run = workflow(kfp, path, f'work_root={tmp_path}/work', f'push_destination={tmp_path}/serving')
  assert not run.run()
  assert run.states['VocExampleGen'] == 'FAILED'
  assert run.states['ODAPITrainer'] == 'OMITTED'
  log = run.tasks['VocExampleGen'].logs[-1].read_text()
  assert str(tmp_path / 'nowhere') in log
  assert 'Traceback' not in log


def test_a_trainer_that_is_killed_goes_on_from_its_checkpoint_when_it_is_tried_again(kfp, workflow, data, tmp_path):
  work = tmp_path / 'work'
  path = compiled(kfp, tmp_path, data, 'train.num_steps=40', 'train.checkpoint_every=2', ODAPITrainer={'retries': 1})
  run = workflow(kfp, path, f'work_root={work}', f'push_destination={tmp_path}/serving')
  watchers = []

  def kill_once_a_checkpoint_is_there(name, attempt, process):
    if (name, attempt) == ('ODAPITrainer', 0):
      watchers.append(threading.Thread(target=_kill_when, args=(process, lambda: list(work.rglob('ckpt-*.index')))))
      watchers[-1].start()

  run.during = kill_once_a_checkpoint_is_there
  assert run.run(), run.states
  watchers[0].join()
  assert run.tasks['ODAPITrainer'].attempts == 2
  pushed = next((tmp_path / 'serving').rglob('saved_model.pb'))
  assert pushed.exists()
  log = run.tasks['ODAPITrainer'].logs[-1].read_text()
  assert 'resuming at step' in log, log[-2000:]


def _kill_when(process, there):
  pause = threading.Event()
  while process.poll() is None and not there():
    pause.wait(0.2)
  if process.poll() is None:
    os.killpg(process.pid, signal.SIGKILL)


def test_a_second_run_takes_from_kfps_cache_what_it_may(kfp, workflow, data, tmp_path):
  path = compiled(kfp, tmp_path, data, VocExampleGen={'cache': True})
  places = (f'work_root={tmp_path}/work', f'push_destination={tmp_path}/serving')
  assert workflow(kfp, path, *places, cache=True).run()
  again = workflow(kfp, path, *places, cache=True)
  assert again.run()
  tasks = again.compiled.spec['root']['dag']['tasks']
  expected = {name: 'CACHED' if 'cachingOptions' in task else 'SUCCEEDED' for name, task in tasks.items()}
  assert again.states == expected


def test_the_emulator_sends_each_step_what_kfp_sends_it(kfp, workflow, compile_toy, tmp_path):
  path = compile_toy(toy.pipeline(destination=str(tmp_path / 'published')))
  run = workflow(kfp, path)
  assert run.run(), run.states
  options = emulate.Options(open_source=True, pipeline_root=f'minio://{cluster.BUCKET}/v2/artifacts')
  assert emulate.emulate(path, str(tmp_path / 'runs'), options=options)
  roots = [f'minio://{cluster.BUCKET}/v2/artifacts/toy/{each}' for each in (run.names.id, 'run-1')]
  for name, task in run.tasks.items():
    emulated = json.loads((tmp_path / 'runs/run-1' / name / 'executor_input.json').read_text())
    sent = comparable(task.executor_input, roots[0])
    assert comparable(emulated, roots[1], str(tmp_path / 'runs/emulated-pod')) == sent, name
  assert yaml.safe_load((tmp_path / 'published/label_map.pbtxt').read_text())['records'] == 5
