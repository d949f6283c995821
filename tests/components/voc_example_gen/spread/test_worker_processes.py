"""Work runs in processes: what it returns or raises comes back, and a process that is lost is told of."""

import contextlib
import functools
import operator
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from components.voc_example_gen import refusals
from components.voc_example_gen.refusals import Reason
from components.voc_example_gen.spread import worker_processes
from components.voc_example_gen.spread.worker_processes import Pool, WorkerLostError
from detection.base.errors import DataError
from tests.support import voc_maker

# Processes import no test: work is of the standard library.
MEET = """
import os, pathlib, time
pathlib.Path({folder!r}, str(os.getpid())).touch()
while len(os.listdir({folder!r})) < 2:
  time.sleep(0.01)
"""
ALONE = """
import os, time
os.close(os.open({file!r}, os.O_CREAT | os.O_EXCL))
time.sleep(0.2)
os.remove({file!r})
"""
PARENT = """
import functools, os, time
from components.voc_example_gen.spread.worker_processes import POOL
print(POOL.run(os.getpid), flush=True)
POOL.run(functools.partial(time.sleep, 600))
"""


@pytest.fixture
def pool():
  pool = Pool(cores=2)
  yield pool
  pool.close()


def test_a_process_is_kept_for_further_work(pool):
  first = pool.run(os.getpid)
  assert first != os.getpid()
  assert pool.run(os.getpid) == first


def test_processes_that_are_started_ahead_have_imported_what_work_needs(pool):
  imported = functools.partial(eval, '"colorsys" in __import__("sys").modules')
  assert not pool.run(imported)
  pool.close()
  pool.start(1, 'colorsys')
  assert pool.run(imported)


def test_no_more_processes_are_started_ahead_than_are_missing_or_than_there_are_cores(pool):
  before = processes()
  pool.start(1, 'colorsys')
  assert processes() == before + 1
  pool.start(5, 'colorsys')
  pool.start(2, 'colorsys')
  assert processes() == before + 2
  pool.close()
  assert processes() == before


def processes():
  """How many this one has started, and that have not ended."""
  return len(psutil.Process().children())


def test_a_folder_that_cannot_be_used_leaves_no_process_that_was_started_for_it(tmp_path, ingest, monkeypatch):
  started, before = [], processes()
  start = worker_processes.POOL.start
  monkeypatch.setattr(worker_processes.POOL, 'start', lambda *of: start(*of) or started.append(processes() - before))
  root = voc_maker.write(tmp_path / 'data', {'a.jpg': voc_maker.encode(voc_maker.picture(1)), 'b.txt': 'x'})
  with pytest.raises(DataError):
    ingest(root, beam_args=['--direct_num_workers=2'])
  assert started == [min(2, os.cpu_count())]
  assert processes() == before


def test_what_work_prints_is_no_answer(pool):
  assert pool.run(functools.partial(exec, 'print("a" * 100)')) is None


def test_threads_have_a_process_each(pool, tmp_path):
  meet = functools.partial(exec, MEET.format(folder=str(tmp_path)))
  in_threads(pool, [meet] * 2)
  assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(('cores', 'most'), [(2, 1), (1, 2)])
def test_no_more_work_at_a_time_than_was_asked_for_or_than_there_are_cores(tmp_path, cores, most):
  alone = functools.partial(exec, ALONE.format(file=str(tmp_path / 'working')))
  with contextlib.closing(Pool(cores)) as pool:
    assert in_threads(pool, [alone] * 3, most) == [None] * 3


def in_threads(pool, works, most=worker_processes.AS_MANY_AS_CORES):
  """What each of these returns, done by a thread of its own. Raises what one of them raises."""
  with ThreadPoolExecutor(len(works)) as threads:
    return list(threads.map(functools.partial(pool.run, most=most), works))


def test_what_work_raises_is_raised_with_its_traceback(pool):
  with pytest.raises(ZeroDivisionError, match='division by zero') as caught:
    pool.run(functools.partial(operator.truediv, 1, 0))
  assert 'worker_main.py' in str(caught.value.__cause__)
  assert pool.run(os.getpid)


def test_an_error_that_cannot_be_copied_is_told_in_words(pool, tmp_path):
  reasons = Reason.IMAGE_UNREADABLE, Reason.IMAGE_TOO_LARGE
  with pytest.raises(RuntimeError, match='RefusedFileError: image_unreadable: No such file'):
    pool.run(functools.partial(refusals.read_file, str(tmp_path), 'a.jpg', 100, *reasons))


def test_a_process_that_is_lost_is_told_of_and_another_one_takes_its_place(pool):
  with pytest.raises(WorkerLostError, match=r'ended with status -6 .* use fewer workers'):
    pool.run(os.abort)
  assert pool.run(os.getpid)


def test_processes_end_in_the_midst_of_their_work_with_the_one_that_has_started_them():
  environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))}
  command = [sys.executable, '-c', PARENT]
  with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
    process = int(parent.stdout.readline())
    parent.kill()
  assert gone(process)


def gone(process, seconds=20):
  """Whether a process ends, or has ended, and is no longer there."""
  for _ in range(20 * seconds):
    status = Path(f'/proc/{process}/stat')
    if not status.exists() or status.read_text().split(')')[1].split()[0] == 'Z':
      return True
    time.sleep(0.05)
  return False
