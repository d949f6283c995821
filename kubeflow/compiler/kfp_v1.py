"""Compiles to the Argo workflow that Kubeflow Pipelines v1 ran, and that KFP 2 still takes where it is not blocked.

On the legacy stack alone: TFX 1.21 no longer has the runner. The same components with the same resources; TFX's v1
container talks to the cluster's MLMD itself, so caching and drivers work as on a laptop.
"""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import tfx
import yaml
from kubernetes import client as k8s
from tfx.orchestration.pipeline import Pipeline

from detection.base import files
from detection.base.errors import ConfigError
from kubeflow.compiler import parameters
from kubeflow.compiler.kfp_v2 import check_pipeline
from kubeflow.settings import KubeflowConfig, Resources, Secret, Volume

if TYPE_CHECKING:
  from kfp import dsl

COMMAND = ('python', '-m', 'kubeflow.runtime.entrypoint_v1')


def compile_pipeline(pipeline: Pipeline, config: KubeflowConfig, output: str) -> None:
  """Writes `pipeline` to the file `output` as an Argo workflow.

  Args:
    pipeline: any TFX pipeline; its pipeline_root is the default of the run's parameter `pipeline-root`.
    config: the run config's kubeflow section.
    output: a .yaml file; it appears whole, or not at all.

  Raises:
    ConfigError: if the cluster could not run the pipeline, or this stack cannot compile it.
  """
  if not output.endswith(('.yaml', '.yml')):
    raise ConfigError(f'{output}: expected a name that ends in .yaml.')
  check_pipeline(pipeline, config)
  for name, resources in {'defaults': config.defaults, **config.components}.items():
    if resources.cache is not None:
      raise ConfigError(f'kubeflow: {name}: cache is for KFP 2; under v1, TFX itself sees what changed. Remove it.')
  kubeflow_dag_runner = _runner()
  # The defaults come first: setting operator functions would otherwise drop the address of the metadata store.
  functions = [*kubeflow_dag_runner.get_default_pipeline_operator_funcs(), _set_resources(config)]
  runner_config = kubeflow_dag_runner.KubeflowDagRunnerConfig(
    tfx_image=config.image,
    pipeline_operator_funcs=functions,
    # The default is a file in /, which need not be writable.
    metadata_ui_path='/tmp/mlpipeline-ui-metadata.json',
  )
  with tempfile.TemporaryDirectory() as folder:
    runner = kubeflow_dag_runner.KubeflowDagRunner(
      output_dir=folder, output_filename='workflow.yaml', config=runner_config
    )
    with parameters.exposed(pipeline, config.runtime_parameters):
      runner.run(pipeline)
    workflow = yaml.safe_load((pathlib.Path(folder) / 'workflow.yaml').read_text())
  if config.image_pull_secrets:
    workflow['spec']['imagePullSecrets'] = [{'name': name} for name in config.image_pull_secrets]
  files.write_text(output, yaml.safe_dump(workflow, width=120))


def _runner() -> ModuleType:
  """TFX's runner for KFP v1; ConfigError if this TFX has none."""
  try:
    from tfx.orchestration.kubeflow import kubeflow_dag_runner
  except ImportError as error:
    raise ConfigError(
      f'--target kfp-v1: expected TFX 1.15, received TFX {tfx.__version__}, which does not compile for KFP v1. '
      'Use --target kfp, or the legacy stack: make demo STACK=legacy.'
    ) from error
  return kubeflow_dag_runner


def _set_resources(config: KubeflowConfig) -> Callable[[dsl.ContainerOp], dsl.ContainerOp]:
  """A function that gives a step what `config` says of its component; TFX calls it for every step."""

  def set_resources(op: dsl.ContainerOp) -> dsl.ContainerOp:
    # human_name, not name: kfp lower-cases name, and a mismatch would silently leave the trainer without its GPU.
    resources = config.resources_of(op.human_name)
    op.command = list(COMMAND)
    if resources.image:
      op.container.image = resources.image
    if config.image_pull_policy:
      op.container.set_image_pull_policy(config.image_pull_policy)
    if resources.retries:
      op.set_retry(resources.retries, policy='Always', backoff_duration='30s', backoff_factor=2.0)
    _set_limits(op, resources)
    _choose_nodes(op, resources)
    for name, value in sorted(resources.env.items()):
      op.container.add_env_variable(k8s.V1EnvVar(name=name, value=value))
    for secret in resources.secrets:
      _add_secret(op, secret)
    for volume in resources.volumes:
      _mount_claim(op, volume)
    for empty_dir in resources.empty_dirs:
      source = k8s.V1EmptyDirVolumeSource(medium=empty_dir.medium or None, size_limit=empty_dir.size)
      _add_volume(op, k8s.V1Volume(name=empty_dir.name, empty_dir=source), empty_dir.mount_path)
    return op

  return set_resources


def _set_limits(op: dsl.ContainerOp, resources: Resources) -> None:
  if resources.cpu:
    op.container.set_cpu_limit(resources.cpu)
  if resources.memory:
    op.container.set_memory_limit(resources.memory)
  if resources.gpus:
    # A string: Argo's schema refuses a number.
    op.container.add_resource_limit(resources.gpu_type, str(resources.gpus))


def _choose_nodes(op: dsl.ContainerOp, resources: Resources) -> None:
  for label, value in sorted(resources.node_selector.items()):
    op.add_node_selector_constraint(label, value)
  for toleration in resources.tolerations:
    op.add_toleration(k8s.V1Toleration(**{key: value for key, value in toleration.dict().items() if value}))


def _add_secret(op: dsl.ContainerOp, secret: Secret) -> None:
  for variable, key in sorted(secret.env.items()):
    reference = k8s.V1SecretKeySelector(name=secret.name, key=key, optional=secret.optional)
    source = k8s.V1EnvVarSource(secret_key_ref=reference)
    op.container.add_env_variable(k8s.V1EnvVar(name=variable, value_from=source))
  if secret.mount_path:
    source = k8s.V1SecretVolumeSource(secret_name=secret.name, optional=secret.optional)
    _add_volume(op, k8s.V1Volume(name=secret.name, secret=source), secret.mount_path)


def _mount_claim(op: dsl.ContainerOp, volume: Volume) -> None:
  claim = k8s.V1PersistentVolumeClaimVolumeSource(claim_name=volume.claim)
  _add_volume(op, k8s.V1Volume(name=volume.claim, persistent_volume_claim=claim), volume.mount_path, volume.sub_path)


def _add_volume(op: dsl.ContainerOp, volume: k8s.V1Volume, path: str, sub_path: str = '') -> None:
  op.add_volume(volume)
  op.container.add_volume_mount(k8s.V1VolumeMount(name=volume.name, mount_path=path, sub_path=sub_path or None))
