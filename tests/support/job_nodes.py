"""The nodes of a training-operator job as processes of this machine, started as the manifest and the operator say."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from concurrent import futures

import pytest
import yaml

from tests.support.environments import PROJECT


def manifest(name):
  return list(yaml.safe_load_all((PROJECT / 'kubeflow/manifests' / name).read_text()))


class JobNodes:
  """Starts the nodes of a job with one chief and one worker, in `folder`."""

  def __init__(self, folder):
    self._folder = folder
    self._ports = free_ports(2)
    self._started = []

  def start(self, name, role, values, *more):
    """Starts the node 'chief' or 'worker' of the manifest `name`.

    values: {argument: value} for those that the manifest gives. more: further arguments.
    """
    (job,) = manifest(name)
    (container,) = job['spec']['tfReplicaSpecs'][role.capitalize()]['template']['spec']['containers']
    given = [argument.partition('=')[0] for argument in container['args']]
    command = [sys.executable, *container['command'][1:], *(f'{each}={values[each]}' for each in given), *more]
    # As the operator writes it.
    cluster = {each: [f'localhost:{port}'] for each, port in zip(('chief', 'worker'), self._ports, strict=True)}
    tf_config = {'cluster': cluster, 'task': {'type': role, 'index': 0}, 'environment': 'cloud'}
    variables = {**os.environ, 'TF_CONFIG': json.dumps(tf_config)}
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    self._started.append(subprocess.Popen(command, env=variables, cwd=self._folder, **pipes))
    return self._started[-1]

  def end(self):
    """Ends every node: one whose fellow is gone waits for ever."""
    for node in self._started:
      node.kill()
      node.communicate()


def job_values(run, folder):
  """What all jobs take, from a finished run."""
  return {
    '--examples': run.artifact('VocExampleGen', 'examples'),
    '--label-map': run.artifact('LabelMapGen', 'label_map') / 'label_map.pbtxt',
    '--work-root': folder / 'work',
    '--output': folder / 'output',
  }


def read_to_the_end(nodes):
  """What each node prints; all are read at once, so that none has to wait for a reader."""
  with futures.ThreadPoolExecutor(len(nodes)) as pool:
    return list(pool.map(lambda node: node.communicate(timeout=400)[0], nodes))


def read_until(process, beginning):
  """Reads what a process prints up to a line that begins so; the process is not waited for for ever."""
  lines = []
  impatience = threading.Timer(400, process.kill)
  impatience.start()
  for line in process.stdout:
    lines.append(line)
    if line.startswith(beginning):
      impatience.cancel()
      return
  pytest.fail(f'it ended without "{beginning}":\n{"".join(lines)}')


def free_ports(count):
  with contextlib.ExitStack() as open_sockets:
    sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
    for each in sockets:
      each.bind(('localhost', 0))
    return [each.getsockname()[1] for each in sockets]
