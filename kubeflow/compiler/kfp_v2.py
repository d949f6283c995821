"""Compiles a TFX pipeline to the YAML file that open-source Kubeflow Pipelines 2 accepts as it is.

TFX's own runner writes the pipeline spec. What it drops or cannot say is put in afterwards: resources (also for
ExampleGens), retries, variables, defaults of run-time parameters, and the `platforms:` document. Everything that KFP's
driver would reject only once a run has started is refused here.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.dsl.components.base import base_driver
from tfx.dsl.components.common import resolver
from tfx.orchestration import data_types
from tfx.orchestration.kubeflow.v2 import compiler_utils, kubeflow_v2_dag_runner
from tfx.orchestration.pipeline import Pipeline

from detection.base import files
from detection.base.errors import ConfigError
from detection.base.settings import unknown_key
from kubeflow.compiler import parameters, platform_spec
from kubeflow.settings import KubeflowConfig, Resources, quantity

# Runs TFX's executors under the open-source driver and launcher; see entrypoint.py.
COMMAND = ('python', '-m', 'kubeflow.runtime.entrypoint')

_NAME = re.compile(r'[a-z0-9][a-z0-9-]{0,127}')


def compile_pipeline(pipeline: Pipeline, config: KubeflowConfig, output: str) -> None:
  """Writes `pipeline` to the file `output`: a schema 2.1.0 pipeline spec and, if needed, a platforms document.

  Args:
    pipeline: any TFX pipeline.
    config: the run config's kubeflow section.
    output: a .yaml file; it appears whole, or not at all.

  Raises:
    ConfigError: if the cluster could not run the pipeline: an unknown component in `config`, a resolver node, a value
      passed by `.future()`, a name that KFP does not take.
  """
  if not output.endswith(('.yaml', '.yml')):
    raise ConfigError(f'{output}: open-source KFP reads YAML only. Expected a name that ends in .yaml.')
  check_pipeline(pipeline, config)
  with parameters.exposed(pipeline, config.runtime_parameters):
    spec = _compile(pipeline, config)
    _keep_defaults(spec, pipeline)
  executors = _containers(spec)
  for label, component in executors.items():
    _set_resources(spec['deploymentSpec']['executors'][label]['container'], config.resources_of(component))
  _set_retries(spec, config)
  _set_caching(spec, pipeline, config)
  spec['defaultPipelineRoot'] = config.pipeline_root
  _check_spec(spec)
  documents = [spec, platform_spec.build(config, executors)]
  text = yaml.safe_dump_all([document for document in documents if document], sort_keys=True, width=120)
  files.write_text(output, text)


def check_pipeline(pipeline: Pipeline, config: KubeflowConfig) -> None:
  """Refuses what no version of KFP can run, whichever target is compiled for.

  Raises:
    ConfigError: naming the component or key.
  """
  name = pipeline.pipeline_info.pipeline_name
  if not _NAME.fullmatch(name):
    raise ConfigError(f'name: KFP takes lower-case letters, digits and "-", at most 128; received "{name}".')
  known = [component.id for component in pipeline.components]
  for component in config.components:
    if component not in known:
      raise ConfigError('kubeflow: ' + unknown_key(f'components.{component}', known))
  for component in pipeline.components:
    if isinstance(component, resolver.Resolver):
      raise ConfigError(
        f'{component.id}: the driver of open-source KFP rejects resolver nodes. '
        'Use an Importer, or read the baseline from where models are pushed.'
      )


def _compile(pipeline: Pipeline, config: KubeflowConfig) -> dict[str, Any]:
  images = {component.id: config.resources_of(component.id).image or config.image for component in pipeline.components}
  runner = kubeflow_v2_dag_runner.KubeflowV2DagRunner(
    config=kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(
      default_image={'default_image_path': config.image, **images},
      default_commands=list(COMMAND),
      use_pipeline_spec_2_1=True,
    )
  )
  with _titles_with_several_dots():
    return runner.run(pipeline, write_out=False)['pipelineSpec']


@contextlib.contextmanager
def _titles_with_several_dots() -> Iterator[None]:
  """Lets artifact types be called `package.module.Class`.

  TFX allows one dot, as Vertex AI does. Open-source KFP takes any title, and TFX imports it by path when a step runs.
  """
  strict = compiler_utils._SCHEMA_TITLE_RE
  compiler_utils._SCHEMA_TITLE_RE = re.compile(r'[a-z]\w*(\.\w+)*\.[A-Z]\w*')
  try:
    yield
  finally:
    compiler_utils._SCHEMA_TITLE_RE = strict


def _containers(spec: Mapping[str, Any]) -> dict[str, str]:
  """{executor label: component id} of the steps that run a container, in order of label."""
  executors = spec['deploymentSpec']['executors']
  owners = {component['executorLabel']: name for name, component in spec['components'].items()}
  return {label: owners[label] for label in sorted(executors) if 'container' in executors[label]}


def _set_resources(container: dict[str, Any], resources: Resources) -> None:
  limits: dict[str, Any] = {}
  if resources.cpu:
    limits['cpuLimit'] = quantity(resources.cpu)
  if resources.memory:
    # The driver appends "G", 10^9 bytes.
    limits['memoryLimit'] = quantity(resources.memory) / 1e9
  if resources.gpus:
    limits['accelerator'] = {'type': resources.gpu_type, 'count': str(resources.gpus)}
  if limits:
    container['resources'] = limits
  if resources.env:
    container['env'] = [{'name': name, 'value': value} for name, value in sorted(resources.env.items())]


def _set_retries(spec: Mapping[str, Any], config: KubeflowConfig) -> None:
  for name, task in spec['root']['dag']['tasks'].items():
    retries = config.resources_of(name).retries
    if retries:
      task['retryPolicy'] = {'maxRetryCount': retries, 'backoffDuration': '30s', 'backoffFactor': 2.0}


def _keep_defaults(spec: Mapping[str, Any], pipeline: Pipeline) -> None:
  """Gives every run-time parameter its default, which TFX leaves out of the v2 spec."""
  declared = spec['root'].get('inputDefinitions', {}).get('parameters', {})
  for component in pipeline.components:
    for value in component.exec_properties.values():
      if isinstance(value, data_types.RuntimeParameter) and value.default is not None:
        declared[value.name]['defaultValue'] = value.default


def _set_caching(spec: Mapping[str, Any], pipeline: Pipeline, config: KubeflowConfig) -> None:
  """KFP runs no TFX drivers; a component with one of its own (ExampleGens) would not notice that its data changed."""
  for component in pipeline.components:
    cache = config.resources_of(component.id).cache
    has_driver = getattr(component, 'DRIVER_CLASS', base_driver.BaseDriver) is not base_driver.BaseDriver
    if cache:
      spec['root']['dag']['tasks'][component.id]['cachingOptions'] = {'enableCache': True}
    elif cache is False or has_driver:
      spec['root']['dag']['tasks'][component.id].pop('cachingOptions', None)


def _check_spec(spec: Mapping[str, Any]) -> None:
  """Checks the finished spec as KFP's server parses it, and that every task named in it exists."""
  json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
  json_format.ParseDict(spec['deploymentSpec'], pipeline_spec_pb2.PipelineDeploymentConfig())
  tasks = spec['root']['dag']['tasks']
  for name, task in tasks.items():
    for key, value in task.get('inputs', {}).get('parameters', {}).items():
      producer = value.get('taskOutputParameter', {}).get('producerTask')
      if producer is not None and producer not in tasks:
        # TFX names a task that it does not make.
        raise ConfigError(f'{name}.{key}: KFP cannot run a value passed by .future(). Pass an artifact, or a constant.')
