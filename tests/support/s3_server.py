"""A real S3 server on loopback: moto's, in an environment of its own."""

import contextlib
import socket
import subprocess
import time
import xml.etree.ElementTree as ET

import requests

from tests.support.environments import python_with

MOTO = 'moto[server,s3]==5.2.5'


def variables(address):
  """What a process needs in its environment to find the store at `address`."""
  return {
    'S3_ENDPOINT': address,
    'S3_USE_HTTPS': '0',
    'S3_VERIFY_SSL': '0',
    'AWS_REGION': 'us-east-1',
    'AWS_ACCESS_KEY_ID': 'any',
    'AWS_SECRET_ACCESS_KEY': 'any',
    'AWS_EC2_METADATA_DISABLED': 'true',
  }


class S3:
  """What tests need of a server: its variables for a step, a folder put there, the keys below a prefix."""

  def __init__(self, port):
    self.address = f'http://127.0.0.1:{port}'
    self.variables = variables(self.address)

  def make_bucket(self, name):
    requests.put(f'{self.address}/{name}', timeout=10).raise_for_status()

  def upload(self, folder, bucket, prefix):
    for path in sorted(folder.rglob('*')):
      if path.is_file():
        key = f'{prefix}/{path.relative_to(folder)}'
        requests.put(f'{self.address}/{bucket}/{key}', data=path.read_bytes(), timeout=10).raise_for_status()

  def keys(self, bucket, prefix):
    answer = requests.get(f'{self.address}/{bucket}', params={'list-type': 2, 'prefix': prefix}, timeout=10)
    root = ET.fromstring(answer.content)  # noqa: S314 - from the server that this test started
    return [element.text for element in root.iter() if element.tag.endswith('}Key')]

  def read(self, bucket, key):
    # What a client with keys has put there, only one with keys may read; moto looks for a signature, not at it.
    signed = {'Authorization': 'AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request'}
    answer = requests.get(f'{self.address}/{bucket}/{key}', headers=signed, timeout=10)
    answer.raise_for_status()
    return answer.content


@contextlib.contextmanager
def running():
  """Starts the server; yields an S3; ends it."""
  python = python_with('moto', MOTO)
  with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
  command = [python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', str(port)]
  process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
  try:
    server = S3(port)
    _wait_for(server, process)
    yield server
  finally:
    process.terminate()
    process.wait(10)


def _wait_for(server, process):
  deadline = time.monotonic() + 60
  while time.monotonic() < deadline:
    assert process.poll() is None, 'the S3 server did not start'
    with contextlib.suppress(requests.ConnectionError):
      requests.get(server.address, timeout=5)
      return
    time.sleep(0.1)
  raise AssertionError('the S3 server does not answer')
