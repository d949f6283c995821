"""A real MLflow server on loopback, and its client, in an environment of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import time

import requests

from tests.support.environments import python_with

# The client that fits the project's protobuf and pydantic, and what its server needs besides.
_PACKAGES = (
  'mlflow-skinny==2.22.5',
  'flask==3.0.3',
  'graphene==3.4.3',
  'gunicorn==23.0.0',
  'numpy==1.26.4',
  'pandas==2.2.3',
  'protobuf==3.20.3',
  'pydantic==1.10.27',
  'tqdm==4.67.1',
)


class MlflowServer:
  """python: of an environment with MLflow's client. address: of the server."""

  def __init__(self, python, port):
    self.python = python
    self.address = f'http://127.0.0.1:{port}'

  def runs(self, experiment):
    """The runs of an experiment, newest first, as the REST API gives them."""
    found = self._ask('GET', 'experiments/get-by-name', params={'experiment_name': experiment})
    number = found['experiment']['experiment_id']
    return self._ask('POST', 'runs/search', json={'experiment_ids': [number]}).get('runs', [])

  def history(self, run, metric):
    """[(step, value)] of a metric."""
    found = self._ask('GET', 'metrics/get-history', params={'run_id': run['info']['run_id'], 'metric_key': metric})
    return [(int(each['step']), each['value']) for each in found['metrics']]

  def artifacts(self, run):
    """The names of a run's files."""
    found = self._ask('GET', 'artifacts/list', params={'run_id': run['info']['run_id']})
    return sorted(each['path'] for each in found['files'])

  def _ask(self, method, call, **given):
    answer = requests.request(method, f'{self.address}/api/2.0/mlflow/{call}', timeout=30, **given)
    answer.raise_for_status()
    return answer.json()


@contextlib.contextmanager
def running(folder):
  """Starts the server; yields an MlflowServer; ends it."""
  python = python_with('mlflow', *_PACKAGES)
  with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
  command = [python, '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', str(port), '--workers', '1']
  command += ['--backend-store-uri', str(folder / 'store'), '--artifacts-destination', str(folder / 'artifacts')]
  with (folder / 'server.log').open('wb') as log:
    # A session of its own: the server's workers outlive it if they are not ended with it.
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True)
  try:
    server = MlflowServer(python, port)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
      assert process.poll() is None, (folder / 'server.log').read_text()[-2000:]
      with contextlib.suppress(requests.ConnectionError, requests.Timeout):
        if requests.get(f'{server.address}/health', timeout=10).ok:
          break
      time.sleep(0.2)
    yield server
  finally:
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(30)
