"""A search whose work folder is in an object store, which can hold no journal."""

import os
import subprocess
import sys

import pytest

from tests.support import s3_server
from tests.support.environments import PROJECT

# In processes of their own, since one that has touched s3:// aborts as Python shuts down.
_SEARCH = """
import os, sys
from detection.base import files; files.load_scheme('s3://')
from components.tuner import storage
from components.tuner.study import SearchStudy
from tests.support.searches import finish, run, settings

tune = settings(trials=3)
with storage.study_location(tune, 's3://bucket/work/search', node_count=1) as location:
  study = SearchStudy(tune, location)
  run(study, finish, count=int(sys.argv[1]))
  study.next_trial()
  print([row.number for row in study.results()], [row.state for row in study.results()], flush=True)
  os._exit(0)  # killed: neither the folder on this machine nor the trial under way is seen to
"""


@pytest.mark.slow
def test_a_search_in_an_object_store_goes_on_where_it_was_on_another_machine(tmp_path):
  with s3_server.running() as s3:
    s3.make_bucket('bucket')

    def search(count):
      command = [sys.executable, '-c', _SEARCH, str(count)]
      variables = {**os.environ, **s3.variables, 'TMPDIR': str(tmp_path)}
      done = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, timeout=300)
      assert done.returncode == 0, done.stdout + done.stderr[-2000:]
      return done.stdout.strip()

    assert search(2) == "[0, 1, 2] ['complete', 'complete', 'running']"
    assert s3.keys('bucket', 'work') == ['work/search/study.journal']
    assert search(2) == "[0, 1, 2, 3] ['complete', 'complete', 'complete', 'complete']"
