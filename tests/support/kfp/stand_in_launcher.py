"""A stand-in for KFP's launcher, to test the harness where the real one is not: it is NOT KFP's.

It takes the flags that KFP 2.17.0's launcher takes (and one of its own, the fingerprint, which the real one reads from
the metadata store), refuses others, fetches the store's keys and its pod from Kubernetes, copies artifacts between the
object store and /minio, and runs the command.
"""

import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ET

import requests
import stand_in_driver as driver  # both beside this program
import task_service_stub
import yaml

from kubeflow.emulator import pod

_FLAGS = (
  'pipeline_name',
  'run_id',
  'execution_id',
  'executor_input',
  'component_spec',
  'pod_name',
  'pod_uid',
  'ml_pipeline_server_address',
  'ml_pipeline_server_port',
  'mlmd_server_address',
  'mlmd_server_port',
  'publish_logs',
)


def parse(argv):
  separator = argv.index('--')
  parser = argparse.ArgumentParser(prog='stand-in for the launcher', allow_abbrev=False)
  for name in _FLAGS:
    parser.add_argument(f'--{name}', required=True)
  parser.add_argument('--cache_disabled', action='store_true')
  parser.add_argument('--fingerprint_of_the_stand_in', default='')
  return parser.parse_args(argv[:separator]), argv[separator + 1 :]


class Store:
  """The object store, whose address and keys come from the cluster as they do for the real one."""

  def __init__(self, providers):
    self._config = yaml.safe_load(providers)['minio']['default']
    keys = self._config['credentials']['secretRef']
    secret = driver.ask_kubernetes(f'secrets/{keys["secretName"]}')
    key = base64.b64decode(secret['data'][keys['accessKeyKey']]).decode()
    # moto looks for a signature, and does not check it.
    self._signed = {'Authorization': f'AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/s3/aws4_request'}

  def _ask(self, path, method='GET', data=None):
    url = f'http://{self._config["endpoint"]}/{path}'
    answer = requests.request(method, url, data=data, headers=self._signed, timeout=10)
    answer.raise_for_status()
    return answer.content

  def download(self, uri):
    bucket, _, prefix = uri.removeprefix('minio://').partition('/')
    listed = ET.fromstring(self._ask(f'{bucket}?list-type=2&prefix={prefix}'))  # noqa: S314 - the test's own server
    for key in [each.text for each in listed.iter() if each.tag.endswith('}Key')]:
      target = pathlib.Path('/minio', bucket, key)
      target.parent.mkdir(parents=True, exist_ok=True)
      target.write_bytes(self._ask(f'{bucket}/{key}'))

  def upload(self, uri):
    made = pathlib.Path('/minio') / uri.removeprefix('minio://')
    files = [made] if made.is_file() else [path for path in made.rglob('*') if path.is_file()]
    for file in files:
      self._ask(str(file.relative_to('/minio')), 'PUT', file.read_bytes())


def main(argv):
  args, command = parse(argv)
  driver.ask_kubernetes(f'pods/{args.pod_name}')
  state = driver.load()
  store = Store(state['runs'][args.run_id]['providers'])
  sent = json.loads(args.executor_input)
  (logs,) = sent['outputs']['artifacts']['executor-logs']['artifacts']
  logs['uri'] += '-' + os.environ.get('KFP_RETRY_INDEX', '0')
  for held in sent['inputs']['artifacts'].values():
    store.download(held['artifacts'][0]['uri'])
  for held in sent['outputs']['artifacts'].values():
    pathlib.Path('/minio', held['artifacts'][0]['uri'].removeprefix('minio://')).parent.mkdir(
      parents=True, exist_ok=True
    )
  filled = pod.placeholders(sent, pathlib.Path('/'))
  words = [pod.fill(word, filled) for word in command]
  done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
  sys.stdout.buffer.write(done.stdout)
  pathlib.Path('/minio', logs['uri'].removeprefix('minio://')).write_bytes(done.stdout)
  store.upload(logs['uri'])
  if done.returncode != 0:
    print(f'failed to execute component: exit status {done.returncode}', file=sys.stderr)
    return 1
  artifacts, _ = pod.published(sent, json.loads(args.component_spec))
  for artifact in artifacts.values():
    store.upload(artifact['uri'])
  _publish(args, state, artifacts)
  return 0


def _publish(args, state, artifacts):
  made = {
    key: {**artifact, 'name': f'{args.execution_id}{number}'}
    for number, (key, artifact) in enumerate(artifacts.items())
  }
  task = pathlib.PurePath(next(iter(artifacts.values()))['uri']).parts[-3]
  state['runs'][args.run_id]['outputs'][task] = made
  state['published'][args.execution_id] = made
  driver.save(state)
  if args.fingerprint_of_the_stand_in:
    messages = task_service_stub.MESSAGES
    created = messages['Task'](
      pipelineName=f'pipeline/{args.pipeline_name}',
      namespace='kubeflow',
      runId=args.run_id,
      mlmdExecutionID=args.execution_id,
      fingerprint=args.fingerprint_of_the_stand_in,
    )
    driver.task_service(args, 'CreateTaskV1', messages['CreateTaskRequest'](task=created))


if __name__ == '__main__':
  sys.exit(main(sys.argv[1:]))
