"""What listing a data folder takes where each answer is slow: an object store, and a network mount.

    python -m benchmarks.listing [--files 40000] [--milliseconds 20] [--against CHECKOUT] [--rows 'flat, s3' ...]

The store is an S3 server on loopback that waits before each answer and lists a thousand names a page; on the legacy
stack TensorFlow's file layer asks it, which takes two requests a file, so give fewer files there. The mount is a local
folder, and os.scandir and os.stat wait a twentieth as long each. `flat`: images in one folder, annotations in another.
`deep`: 100 files a folder. CHECKOUT is a folder with an older version, which is measured in turns.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support import paging_store

_WALK = """
import json, os, resource, sys, time
root, seconds = sys.argv[1], float(sys.argv[2])
from components.voc_example_gen import listing
from detection.base import files
files.isdir(root)  # imports what asks the store
if seconds:
  scandir, stat = os.scandir, os.stat
  os.scandir = lambda path: time.sleep(seconds) or scandir(path)
  os.stat = lambda path: time.sleep(seconds) or stat(path)
started, cpu = time.perf_counter(), time.process_time()
walk = listing.Walk(root)
found = sum(1 for file in walk)
print(json.dumps({
  'files': found, 'state': walk.state, 'seconds': time.perf_counter() - started, 'cpu': time.process_time() - cpu,
  'memory': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}), flush=True)
os._exit(0)  # tensorflow-io may abort at the end
"""
ROWS = ('flat, s3', 'deep, s3', 'flat, mount', 'deep, mount')


def _paths(row: str, files: int) -> list[str]:
  """Relative paths of so many files, half of them images."""
  numbers = range(files // 2)
  if row.startswith('deep'):
    return [f'{n // 50:04}/{n:07}.{suffix}' for n in numbers for suffix in ('jpg', 'xml')]
  return [
    f'{folder}/{n:07}.{suffix}' for folder, suffix in (('JPEGImages', 'jpg'), ('Annotations', 'xml')) for n in numbers
  ]


@contextlib.contextmanager
def _placed(
  row: str, files: int, seconds: float
) -> Iterator[tuple[str, dict[str, str], float, paging_store.Store | None]]:
  """The folder's URI, the variables of a process that lists it, how long it waits itself, and the store."""
  paths = _paths(row, files)
  if row.endswith('s3'):
    objects = {f'data/{path}': 4000 for path in paths}
    with paging_store.running(objects, page=1000, seconds=seconds) as store:
      yield 's3://b/data', store.variables, 0, store
    return
  with tempfile.TemporaryDirectory() as folder:
    for path in paths:
      (Path(folder) / path).parent.mkdir(exist_ok=True)
      (Path(folder) / path).touch()
    yield folder, {}, seconds / 20, None


def measure(row: str, files: int, seconds: float, checkouts: list[Path]) -> Iterator[dict]:
  """Lists one folder with the code of each checkout, in a process of its own."""
  with _placed(row, files, seconds) as (root, variables, waits, store):
    for checkout in checkouts:
      if store:
        store.asked = store.most_at_once = 0
      environment = {**os.environ, **variables, 'PYTHONPATH': str(checkout)}
      command = [sys.executable, '-c', _WALK, root, str(waits)]
      listed = subprocess.run(
        command, env=environment, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
      )
      counts = {'asked': store.asked, 'at_once': store.most_at_once} if store else {'asked': '', 'at_once': ''}
      yield {**json.loads(listed.stdout.splitlines()[-1]), **counts}


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--files', type=int, default=40_000)
  parser.add_argument('--milliseconds', type=float, default=20, help='that each answer of the store takes')
  parser.add_argument('--against', type=Path, help='a checkout of an older version')
  parser.add_argument('--rows', nargs='+', choices=ROWS, default=ROWS)
  arguments = parser.parse_args()
  here = Path(__file__).parents[1]
  checkouts = [arguments.against.absolute(), here] if arguments.against else [here]
  columns = ('folder', 'code', 'files', 'seconds', 'CPU s', 'requests', 'at once', 'MB')
  print(f'| {" | ".join(columns)} |\n|{"---|" * len(columns)}', flush=True)
  for row in arguments.rows:
    states = set()
    for checkout, found in zip(
      checkouts, measure(row, arguments.files, arguments.milliseconds / 1e3, checkouts), strict=True
    ):
      states.add(found['state'])
      cells = (row, 'this' if checkout == here else 'before', found['files'], f'{found["seconds"]:.1f}')
      cells = (*cells, f'{found["cpu"]:.2f}', found['asked'], found['at_once'], f'{found["memory"]:.0f}')
      print(f'| {" | ".join(map(str, cells))} |', flush=True)
    if len(states) > 1:
      raise RuntimeError(f'{row}: the states differ: {states}')


if __name__ == '__main__':
  main()
