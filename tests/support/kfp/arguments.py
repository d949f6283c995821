"""The arguments of KFP's driver, as its Argo compiler writes them, read in the source of release 2.17.0.

The driver refuses to start when one of the three proxy flags is missing, even where there is no proxy.
"""

import json
from typing import Any, NamedTuple


class Addresses(NamedTuple):
  """Where the services are: ports on 127.0.0.1."""

  metadata: int
  task_service: int


class RunNames(NamedTuple):
  """How a run is called. `id` is in each artifact's URI, `name` is the workflow's."""

  pipeline: str
  id: str
  name: str


def root_dag(
  names: RunNames,
  addresses: Addresses,
  root: dict[str, Any],
  runtime_config: dict[str, Any],
  outputs: str,
  cache: bool,
) -> list[str]:
  """For the driver of the whole run, which is called once.

  Args:
    names, addresses: of the run.
    root: the pipeline's root component.
    runtime_config: parameterValues and gcsOutputDirectory.
    outputs: the folder of the files that the driver writes.
    cache: whether KFP's cache is on.
  """
  arguments = {
    **_common('ROOT_DAG', names, addresses),
    'dag_execution_id': '0',
    'component': json.dumps(root),
    'task': '',
    'task_name': '',
    'runtime_config': json.dumps(runtime_config),
    'iteration_index': '-1',
    'execution_id_path': f'{outputs}/execution-id',
    'iteration_count_path': f'{outputs}/iteration-count',
    'condition_path': f'{outputs}/condition',
  }
  return _flags(arguments, cache)


def container(
  names: RunNames,
  addresses: Addresses,
  task: tuple[str, dict[str, Any]],
  component: dict[str, Any],
  executor: tuple[dict[str, Any], dict[str, Any]],
  dag: str,
  outputs: str,
  cache: bool,
) -> list[str]:
  """For the driver of one task.

  Args:
    names, addresses: of the run.
    task: its name and its spec.
    component: the task's.
    executor: the container's spec, and its part of the platforms document, {} if it has none.
    dag: the execution id that the driver of the run wrote.
    outputs: the folder of the files that the driver writes.
    cache: whether KFP's cache is on.
  """
  name, spec = task
  image, kubernetes = executor
  arguments = {
    **_common('CONTAINER', names, addresses),
    'dag_execution_id': dag,
    'component': json.dumps(component),
    'task': json.dumps(spec),
    'task_name': name,
    'container': json.dumps(image),
    'iteration_index': '-1',
    'cached_decision_path': f'{outputs}/cached-decision',
    'pod_spec_patch_path': f'{outputs}/pod-spec-patch',
    'condition_path': f'{outputs}/condition',
    'kubernetes_config': json.dumps(kubernetes) if kubernetes else '',
  }
  return _flags(arguments, cache)


def _common(kind: str, names: RunNames, addresses: Addresses) -> dict[str, str]:
  return {
    'type': kind,
    'pipeline_name': names.pipeline,
    'run_id': names.id,
    'run_name': names.name,
    'run_display_name': names.name,
    'pipeline_job_create_time_utc': '2026-01-01T00:00:00Z',
    'http_proxy': '',
    'https_proxy': '',
    'no_proxy': '',
    'ml_pipeline_server_address': '127.0.0.1',
    'ml_pipeline_server_port': str(addresses.task_service),
    'mlmd_server_address': '127.0.0.1',
    'mlmd_server_port': str(addresses.metadata),
  }


def _flags(arguments: dict[str, str], cache: bool) -> list[str]:
  flags = [word for name, value in arguments.items() for word in (f'--{name}', value)]
  return flags if cache else [*flags, '--cache_disabled']
