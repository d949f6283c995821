"""A Kubernetes that schedules, on loopback: etcd, kube-apiserver and kube-scheduler. No kubelet: nothing runs a pod."""

import contextlib
import json
import pathlib
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import requests

from tests.support import certificate

NAMESPACE = 'kubeflow'
PROGRAMS = ('etcd', 'kube-apiserver', 'kube-scheduler')
_PATIENCE = 120  # seconds until a program answers
_CLUSTER_WIDE = ('Namespace', 'Node', 'CustomResourceDefinition')
# The first wants a controller that makes tokens; the second taints new nodes until a controller finds them ready.
_WITHOUT_CONTROLLERS = '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition'


class RefusalError(Exception):
  """What the API server does not take; the message is the server's."""


class Api:
  """The API server, as its administrator sees it."""

  def __init__(self, address: str, token: str, certificate_file: pathlib.Path) -> None:
    self.address = address
    self._session = requests.Session()
    self._session.trust_env = False
    self._session.headers['Authorization'] = f'Bearer {token}'
    self._session.verify = str(certificate_file)

  def ask(self, method: str, path: str, body: Any = None, kind: str = 'application/json', **query: str) -> Any:
    """Sends a request; returns the answer's JSON, or text.

    Raises:
      RefusalError: if the answer is no success.
    """
    content = None if body is None else json.dumps(body)
    answer = self._session.request(
      method, self.address + path, data=content, params=query, headers={'Content-Type': kind}, timeout=30
    )
    if not answer.ok:
      raise RefusalError(
        answer.json().get('message', answer.text) if 'json' in answer.headers['Content-Type'] else answer.text
      )
    return answer.json() if 'json' in answer.headers.get('Content-Type', '') else answer.text

  def create(self, document: dict[str, Any], **query: str) -> dict[str, Any]:
    """Creates an object; what it does not know of in it, it refuses."""
    return self.ask('POST', _collection(document), document, fieldValidation='Strict', **query)

  def get(self, document: dict[str, Any]) -> dict[str, Any]:
    return self.ask('GET', _object(document))

  def change(self, document: dict[str, Any], changes: dict[str, Any], part: str = '') -> dict[str, Any]:
    """Merges changes into an object; part is '/status' for its status."""
    return self.ask('PATCH', _object(document) + part, changes, 'application/merge-patch+json')

  def delete(self, document: dict[str, Any]) -> None:
    """Deletes at once, without waiting for a kubelet to say that the pod has ended."""
    self.ask('DELETE', _object(document), gracePeriodSeconds='0')


def _collection(document: dict[str, Any]) -> str:
  version, kind = document['apiVersion'], document['kind']
  root = f'/apis/{version}' if '/' in version else f'/api/{version}'
  namespace = document['metadata'].get('namespace', NAMESPACE)
  return f'{root}/{"" if kind in _CLUSTER_WIDE else f"namespaces/{namespace}/"}{kind.lower()}s'


def _object(document: dict[str, Any]) -> str:
  return f'{_collection(document)}/{document["metadata"]["name"]}'


def until(what: str, there: Callable[[], Any], seconds: float = 30) -> Any:
  """Returns what `there` returns as soon as that is not empty.

  Raises:
    TimeoutError: if it stays empty.
  """
  end = time.monotonic() + seconds
  while time.monotonic() < end:
    found = there()
    if found:
      return found
    time.sleep(0.1)
  raise TimeoutError(f'{what}: not within {seconds:.0f} s')


@contextlib.contextmanager
def running(programs: pathlib.Path, folder: pathlib.Path):
  """Starts the programs, makes the namespace; yields an Api; ends them. Data and logs are kept in `folder`."""
  token, port, store, peers = secrets.token_hex(16), *(_free_port() for _ in range(3))
  public, key = certificate.self_signed()
  (folder / 'server.crt').write_bytes(public)
  (folder / 'server.key').write_bytes(key)
  (folder / 'tokens.csv').write_text(f'{token},administrator,1,system:masters\n')
  api = Api(f'https://127.0.0.1:{port}', token, folder / 'server.crt')
  with contextlib.ExitStack() as started:

    def start(program: str, *options: str) -> subprocess.Popen:
      return started.enter_context(_running([str(programs / program), *options], folder / f'{program}.log'))

    start('etcd', *_etcd_options(folder, store, peers))
    server = start('kube-apiserver', *_server_options(folder, port, store))
    until(f'kube-apiserver, see {folder}', lambda: _answers(api, server), _PATIENCE)
    (folder / 'kubeconfig').write_text(json.dumps(_kubeconfig(api.address, token, folder)))
    start('kube-scheduler', *_scheduler_options(folder))
    api.create({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NAMESPACE}})
    yield api


@contextlib.contextmanager
def _running(command: list[str], log: pathlib.Path):
  with (
    log.open('wb') as out,
    subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=log.parent) as process,
  ):
    try:
      yield process
    finally:
      process.terminate()
      try:
        process.wait(20)
      except subprocess.TimeoutExpired:
        process.kill()


def _answers(api: Api, server: subprocess.Popen) -> bool:
  if server.poll() is not None:
    raise AssertionError(f'kube-apiserver ended with status {server.returncode}')
  try:
    return api.ask('GET', '/readyz') == 'ok'
  except (requests.ConnectionError, RefusalError):
    return False


def _etcd_options(folder: pathlib.Path, port: int, peers: int) -> list[str]:
  address, peer = f'http://127.0.0.1:{port}', f'http://127.0.0.1:{peers}'
  return [
    f'--data-dir={folder / "etcd"}',
    f'--listen-client-urls={address}',
    f'--advertise-client-urls={address}',
    f'--listen-peer-urls={peer}',
    f'--initial-advertise-peer-urls={peer}',
    f'--initial-cluster=default={peer}',
    '--unsafe-no-fsync',
  ]


def _server_options(folder: pathlib.Path, port: int, store: int) -> list[str]:
  return [
    f'--etcd-servers=http://127.0.0.1:{store}',
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    f'--secure-port={port}',
    f'--tls-cert-file={folder / "server.crt"}',
    f'--tls-private-key-file={folder / "server.key"}',
    f'--token-auth-file={folder / "tokens.csv"}',
    '--authorization-mode=RBAC',
    '--anonymous-auth=false',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    f'--service-account-signing-key-file={folder / "server.key"}',
    f'--service-account-key-file={folder / "server.crt"}',
    _WITHOUT_CONTROLLERS,
  ]


def _scheduler_options(folder: pathlib.Path) -> list[str]:
  config = folder / 'kubeconfig'
  return [f'--kubeconfig={config}', '--leader-elect=false', '--bind-address=127.0.0.1', '--secure-port=0']


def _kubeconfig(address: str, token: str, folder: pathlib.Path) -> dict[str, Any]:
  return {
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{'name': 'here', 'cluster': {'server': address, 'certificate-authority': str(folder / 'server.crt')}}],
    'users': [{'name': 'administrator', 'user': {'token': token}}],
    'contexts': [{'name': 'here', 'context': {'cluster': 'here', 'user': 'administrator'}}],
    'current-context': 'here',
  }


def _free_port() -> int:
  with socket.socket() as probe:
    probe.bind(('127.0.0.1', 0))
    return probe.getsockname()[1]
