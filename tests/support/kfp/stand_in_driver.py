"""A stand-in for KFP's driver, to test the harness where the real one is not: it is NOT KFP's.

It takes the flags that KFP 2.17.0's driver takes and refuses others, reads the service account and the config map as
that does, writes the same files, and makes ExecutorInputs by the emulator's code. What it knows of a run is kept in
the file STAND_IN_STATE names, beside one call to the metadata store to show that it is reached.
"""

import argparse
import json
import os
import pathlib
import ssl
import sys
import urllib.request

import grpc
import pod_spec  # beside this program, as the next
import task_service_stub
from ml_metadata.proto import metadata_store_pb2, metadata_store_service_pb2

from kubeflow.emulator import cache, clusters, driver

ACCOUNT = pathlib.Path('/var/run/secrets/kubernetes.io/serviceaccount')
_UNSET = 'unset'
_TEXT_FLAGS = (
  'type',
  'pipeline_name',
  'run_id',
  'run_name',
  'run_display_name',
  'pipeline_job_create_time_utc',
  'component',
  'task',
  'runtime_config',
  'task_name',
  'container',
  'kubernetes_config',
  'ml_pipeline_server_address',
  'ml_pipeline_server_port',
  'mlmd_server_address',
  'mlmd_server_port',
  'execution_id_path',
  'iteration_count_path',
  'pod_spec_patch_path',
  'cached_decision_path',
  'condition_path',
  'log_level',
  'publish_logs',
)


def parse(argv):
  parser = argparse.ArgumentParser(prog='stand-in for the driver', allow_abbrev=False)
  for name in _TEXT_FLAGS:
    parser.add_argument(f'--{name}', default='')
  for name in ('http_proxy', 'https_proxy', 'no_proxy'):
    parser.add_argument(f'--{name}', default=_UNSET)
  parser.add_argument('--iteration_index', type=int, default=-1)
  parser.add_argument('--dag_execution_id', type=int, default=0)
  parser.add_argument('--cache_disabled', action='store_true')
  return parser.parse_args(argv)


def check(args):
  """What the real one refuses."""
  for name in ('http_proxy', 'https_proxy', 'no_proxy'):
    if getattr(args, name) == _UNSET:
      raise SystemExit(f'argument --{name} is required but can be an empty value')
  for name in ('pipeline_name', 'run_id'):
    if not getattr(args, name):
      raise SystemExit(f'{name} is required')
  if args.type == 'ROOT_DAG':
    refused, needed = ['task', 'dag_execution_id'], ['runtime_config', 'component']
  elif args.type == 'CONTAINER':
    refused, needed = ['runtime_config'], ['task', 'dag_execution_id', 'component', 'container', 'pod_spec_patch_path']
  else:
    raise SystemExit(f'unknown driverType {args.type}')
  wrong = [name for name in refused if getattr(args, name)]
  missing = [name for name in needed if not getattr(args, name)]
  if wrong or missing:
    raise SystemExit(f'unnecessary: {wrong}; required: {missing}')


def ask_kubernetes(path):
  """An object of this namespace, over TLS, with the account's token."""
  namespace = (ACCOUNT / 'namespace').read_text()
  address = f'https://{os.environ["KUBERNETES_SERVICE_HOST"]}:{os.environ["KUBERNETES_SERVICE_PORT"]}'
  request = urllib.request.Request(
    f'{address}/api/v1/namespaces/{namespace}/{path}',
    headers={'Authorization': f'Bearer {(ACCOUNT / "token").read_text()}'},
  )
  context = ssl.create_default_context(cafile=str(ACCOUNT / 'ca.crt'))
  with urllib.request.urlopen(request, context=context, timeout=10) as answer:
    return json.load(answer)


def new_execution(args, kind):
  """The id of an execution that the metadata store has made."""
  address = f'{args.mlmd_server_address}:{args.mlmd_server_port}'
  service = '/ml_metadata.MetadataStoreService/'
  with grpc.insecure_channel(address) as channel:

    def call(name, request):
      answer = getattr(metadata_store_service_pb2, f'{name}Response').FromString
      return channel.unary_unary(service + name, lambda sent: sent.SerializeToString(), answer)(request, timeout=10)

    made = metadata_store_pb2.ExecutionType(name=kind)
    kind_id = call('PutExecutionType', metadata_store_service_pb2.PutExecutionTypeRequest(execution_type=made)).type_id
    execution = metadata_store_pb2.Execution(type_id=kind_id)
    request = metadata_store_service_pb2.PutExecutionRequest(execution=execution)
    return call('PutExecution', request).execution_id


def task_service(args, method, request):
  """Calls KFP's task service."""
  answers = {'ListTasksV1': 'ListTasksResponse', 'CreateTaskV1': 'Task'}
  answer = task_service_stub.MESSAGES[answers[method]]
  address = f'{args.ml_pipeline_server_address}:{args.ml_pipeline_server_port}'
  with grpc.insecure_channel(address) as channel:
    call = channel.unary_unary(
      f'/{task_service_stub.SERVICE}/{method}', lambda sent: sent.SerializeToString(), answer.FromString
    )
    return call(request, timeout=10)


def write(path, content):
  pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
  pathlib.Path(path).write_text(content)


def load():
  path = pathlib.Path(os.environ['STAND_IN_STATE'])
  return json.loads(path.read_text()) if path.exists() else {'runs': {}, 'published': {}}


def save(state):
  pathlib.Path(os.environ['STAND_IN_STATE']).write_text(json.dumps(state))


def root(args):
  state = load()
  config = json.loads(args.runtime_config)
  providers = ask_kubernetes('configmaps/kfp-launcher')['data']['providers']
  state['runs'][args.run_id] = {**config, 'providers': providers, 'outputs': {}}
  save(state)
  write(args.execution_id_path, str(new_execution(args, 'system.DAGExecution')))
  write(args.iteration_count_path, '0')
  write(args.condition_path, 'nil')


def container(args):
  state = load()
  run = state['runs'][args.run_id]
  task, component, image = (json.loads(text) for text in (args.task, args.component, args.container))
  inputs = task.get('inputs', {})
  values = {key: _value(run, spec) for key, spec in inputs.get('parameters', {}).items()}
  artifacts = {}
  for key, spec in inputs.get('artifacts', {}).items():
    source = spec['taskOutputArtifact']
    artifacts[key] = run['outputs'][source['producerTask']][source['outputArtifactKey']]
  cluster = clusters.OpenSource(
    pathlib.Path('/nowhere'), f'{run["gcsOutputDirectory"]}/{args.pipeline_name}/{args.run_id}'
  )
  sent = driver.executor_input(cluster, pathlib.Path('/'), args.task_name, component, values, artifacts)
  execution = str(new_execution(args, 'system.ContainerExecution'))
  print('output ExecutorInput', json.dumps(sent), file=sys.stderr)
  write(args.condition_path, 'nil')
  fingerprint = ''
  if not args.cache_disabled and cache.is_cacheable(task):
    fingerprint = cache.fingerprint(args.pipeline_name, image, sent)
    found = _cached(args, fingerprint)
    if found:
      run['outputs'][args.task_name] = state['published'][found]
      save(state)
      write(args.cached_decision_path, 'true')
      return
  write(args.cached_decision_path, 'false')
  write(args.pod_spec_patch_path, json.dumps(_patch(args, image, sent, execution, fingerprint)))


def _cached(args, fingerprint):
  names = {'fingerprint': fingerprint, 'pipelineName': f'pipeline/{args.pipeline_name}', 'namespace': 'kubeflow'}
  predicates = [{'op': 'EQUALS', 'key': key, 'stringValue': value} for key, value in names.items()]
  request = task_service_stub.MESSAGES['ListTasksRequest'](
    filter=json.dumps({'predicates': predicates}), sort_by='created_at desc', page_size=1
  )
  found = task_service(args, 'ListTasksV1', request).tasks
  return found[0].mlmdExecutionID if found else None


def _value(run, spec):
  if 'componentInputParameter' in spec:
    return run['parameterValues'][spec['componentInputParameter']]
  return spec['runtimeValue']['constant']


def _patch(args, image, sent, execution, fingerprint):
  launcher = {
    'pipeline_name': args.pipeline_name,
    'run_id': args.run_id,
    'execution_id': execution,
    'executor_input': json.dumps(sent),
    'component_spec': args.component,
    'pod_name': '$(KFP_POD_NAME)',
    'pod_uid': '$(KFP_POD_UID)',
    'ml_pipeline_server_address': args.ml_pipeline_server_address,
    'ml_pipeline_server_port': args.ml_pipeline_server_port,
    'mlmd_server_address': args.mlmd_server_address,
    'mlmd_server_port': args.mlmd_server_port,
    'publish_logs': 'true',
  }
  command = ['/kfp-launcher/launch', *(word for name, value in launcher.items() for word in (f'--{name}', value))]
  command += ['--cache_disabled'] if args.cache_disabled else ['--fingerprint_of_the_stand_in', fingerprint]
  words = [*image.get('command', []), *image.get('args', [])]
  return pod_spec.patch(image, json.loads(args.kubernetes_config or '{}'), [*command, '--'], words)


def main(argv=None):
  args = parse(argv)
  check(args)
  {'ROOT_DAG': root, 'CONTAINER': container}[args.type](args)


if __name__ == '__main__':
  main()
