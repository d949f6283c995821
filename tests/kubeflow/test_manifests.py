"""Manifests agree with the programs that they run."""

import pytest

from kubeflow.runtime import train_job, tune_job
from tests.support.job_nodes import manifest


@pytest.mark.parametrize(('name', 'module'), [('tfjob.yaml', train_job), ('tuning-tfjob.yaml', tune_job)])
def test_the_jobs_nodes_run_a_program_with_the_arguments_it_takes(capsys, name, module):
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
    with pytest.raises(SystemExit):
      module.main([*container['args'], '--not-an-argument'])
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
