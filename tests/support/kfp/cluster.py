"""All that KFP's driver and launcher need around them, on loopback, and the programs themselves."""

import contextlib
import dataclasses
import itertools
import os
import pathlib
import subprocess
import sys

import yaml

from tests.support import mlmd_server, s3_server
from tests.support.environments import PROJECT
from tests.support.kfp import kubernetes_stub, pod_root, task_service_stub
from tests.support.kfp.arguments import Addresses

BUCKET = 'mlpipeline'
SECRET = 'mlpipeline-minio-artifact'


@dataclasses.dataclass
class Cluster:
  """What is running, and where the programs are.

  Attributes:
    driver, launcher: the programs.
    folder: for pods.
    ran: [(program's kind, arguments)] in order.
  """

  driver: str
  launcher: str
  folder: pathlib.Path
  kubernetes: kubernetes_stub.KubernetesStub
  tasks: task_service_stub.TaskServiceStub
  s3: s3_server.S3
  addresses: Addresses
  ran: list[tuple[str, list[str]]] = dataclasses.field(default_factory=list)
  _pods: itertools.count = dataclasses.field(default_factory=lambda: itertools.count(1))

  def new_pod(self, launcher: bool) -> pathlib.Path:
    """The folders of a new pod."""
    stub = self.kubernetes
    program = self.launcher if launcher else None
    folder = self.folder / f'pod-{next(self._pods)}'
    return pod_root.make(folder, stub.namespace, kubernetes_stub.TOKEN, stub.certificate, program)

  def run(
    self, kind: str, pod: pathlib.Path, words: list[str], variables: dict[str, str], log: pathlib.Path
  ) -> subprocess.Popen:
    """Starts a program in a pod; `kind` is driver or launcher. It finds no variable of the tester's but these."""
    self.ran.append((kind, words[1:]))
    environment = {
      # `python` is the image's; here it is the one that tests.
      'PATH': os.pathsep.join(
        [os.path.dirname(sys.executable), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']
      ),
      'PYTHONPATH': os.environ.get('PYTHONPATH', str(PROJECT)),
      'HOME': str(pod / 'run'),
      'TF_CPP_MIN_LOG_LEVEL': '3',
      'KUBERNETES_SERVICE_HOST': '127.0.0.1',
      'KUBERNETES_SERVICE_PORT': str(self.kubernetes.port),
      'KFP_POD_NAME': pod.name,
      'KFP_POD_UID': f'uid-of-{pod.name}',
      **variables,
    }
    with log.open('wb') as out:
      return subprocess.Popen(
        pod_root.command(pod, *words), env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
      )


@contextlib.contextmanager
def running(driver: str, launcher: str, folder: pathlib.Path):
  """Starts the services; yields a Cluster; ends them."""
  pod_root.skip_where_impossible(folder)
  with contextlib.ExitStack() as services:
    s3 = services.enter_context(s3_server.running())
    metadata = services.enter_context(mlmd_server.running())
    tasks = services.enter_context(task_service_stub.running())
    kubernetes = services.enter_context(kubernetes_stub.running(folder))
    s3.make_bucket(BUCKET)
    kubernetes.put('configmaps', 'kfp-launcher', data={'providers': yaml.safe_dump(providers(s3.address))})
    keys = {'accesskey': 'YW55', 'secretkey': 'YW55'}  # base64 of "any"
    kubernetes.put('secrets', SECRET, type='Opaque', data=keys)
    addresses = Addresses(metadata=metadata, task_service=tasks.port)
    yield Cluster(driver, launcher, folder, kubernetes, tasks, s3, addresses)


def providers(endpoint: str) -> dict:
  """What the config map kfp-launcher says of the object store."""
  secret = {'secretName': SECRET, 'accessKeyKey': 'accesskey', 'secretKeyKey': 'secretkey'}
  store = {
    'endpoint': endpoint.removeprefix('http://'),
    'disableSSL': True,
    'region': 'us-east-1',
    'forcePathStyle': True,
    'credentials': {'fromEnv': False, 'secretRef': secret},
  }
  return {'minio': {'default': store}}
