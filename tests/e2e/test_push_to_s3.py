"""DetectionPusher's publishing on a real object store: versions whole, the marker last, rollback, pruning."""

import subprocess
import sys

import pytest

from tests.support import s3_server
from tests.support.environments import PROJECT

# In a process of its own, since one that has touched s3:// aborts as Python shuts down.
_PUSHES = """
import os, pathlib, sys, threading
from detection.base import files; files.load_scheme('s3://')
from components.pusher import checksums, publish, versions
from detection import model_folder

model, destination = sys.argv[1:]
copied = []
copy = publish.files.copy


def remember(source, target):
  copied.append(target)
  copy(source, target)


publish.files.copy = remember


def push(number):
  pathlib.Path(model, 'pipeline.config').write_text(f'# {number}')
  return publish.publish(model, destination, clock=lambda: 1_800_000_000)


first = push(1)
last = [path for path in copied if path.startswith(first.folder)][-1]
assert last == first.folder + '/saved_model.pb', last
assert publish.publish(model, destination).again
assert [push(number).version - first.version for number in (2, 3)] == [1, 2]
assert checksums.damaged(f'{destination}/{first.version + 2}') == []

assert versions.withdraw(destination) == (first.version + 2, first.version + 1)
assert push(4).version == first.version + 3, 'a number that was taken back is never given again'
assert versions.prune(destination, keep=1) == [first.version, first.version + 1]
assert model_folder.versions(destination) == [first.version + 3]

# Two at once claim the same number.
found = []
models = [publish.files.join(os.path.dirname(model), f'twin-{number}') for number in range(2)]
for twin in models:
  publish.files.copy_tree(model, twin)
  pathlib.Path(twin, 'pipeline.config').write_text(twin)
jobs = [lambda twin=twin: found.append(publish.publish(twin, destination)) for twin in models]
threads = [threading.Thread(target=job) for job in jobs]
for thread in threads:
  thread.start()
for thread in threads:
  thread.join()
assert len({one.version for one in found}) == 2, found
assert all(checksums.damaged(one.folder) == [] for one in found)
print('done')
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.slow
def test_versions_on_an_object_store(tmp_path, monkeypatch):
  model = tmp_path / 'model'
  for name in ('Format-Serving/saved_model.pb', 'Format-Serving/variables/variables.index', 'label_map.pbtxt'):
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    (model / name).write_text(name)
  with s3_server.running() as server:
    for name, value in server.variables.items():
      monkeypatch.setenv(name, value)
    server.make_bucket('models')
    command = [sys.executable, '-c', _PUSHES, str(model), 's3://models/serving']
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.stdout == 'done\n', done.stderr[-2000:]
    keys = [key.removeprefix('serving/') for key in server.keys('models', 'serving/')]
    assert not [key for key in keys if key.startswith('.publishing-')]
    versions = {key.partition('/')[0] for key in keys if key[0].isdigit()}
    assert len(versions) == 3
    assert {f'{version}/saved_model.pb' for version in versions} <= set(keys)
