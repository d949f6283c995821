"""Nodes of a search that share nothing but an object store."""

import os
import subprocess
import sys

import pytest

from tests.support import s3_server
from tests.support.environments import PROJECT

# In a process of its own, since one that has touched s3:// aborts as Python shuts down.
_SEARCHES = """
import os, threading
import tensorflow_io
from components.odapi import config_io
from components.trainer.settings import TrainSettings
from components.tuner import executor, nodes, trial
from tests.components.tuner.test_nodes import TUNE, finish

work = 's3://bucket/work/search'
pause = threading.Event().wait
others = [nodes.Node(work, number) for number in (1, 2)]
followers = [
  threading.Thread(target=nodes.Follower(work, node.number, wait=lambda _: pause(0.05), run=finish).follow, daemon=True)
  for node in others
]
for follower in followers:
  follower.start()


def train(one, place, is_stopped):
  folder = trial.folder_of(work, one.number)
  config = config_io.parse('train_config { num_steps: 500 }')
  trial.prepare(folder, one, config, {'cat': 1}, TrainSettings(), TUNE)
  return place.train(one, folder, lambda _: is_stopped(0.05))


found = executor.run_search(TUNE, work, train, others)
nodes.dismiss(work, others, wait=lambda _: pause(0.05))
for follower in followers:
  follower.join(timeout=60)
  assert not follower.is_alive()
assert [one.state for one in found] == 5 * ['complete'], found
assert {one.node for one in found} <= {1, 2}, found
os._exit(0)
"""


@pytest.mark.slow
def test_nodes_find_their_trials_in_an_object_store_and_leave_nothing_behind():
  with s3_server.running() as s3:
    s3.make_bucket('bucket')
    command, variables = [sys.executable, '-c', _SEARCHES], {**os.environ, **s3.variables}
    done = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert s3.keys('bucket', 'work') == ['work/search/ended', 'work/search/trials.json']
