"""How ingestion grows with the number of images: images a second, memory of the driver and of the largest worker.

    python -m benchmarks.ingest_scale DIRECTORY [--images 10000 100000] [--against CHECKOUT] [--rows 'local' ...]

Some thousand images of about 4 kB are drawn once; all others are hard links to them, so that a million fit a disk.
Every row is a process of its own, and its memory is what the operating system says of it, ten times a second. CHECKOUT
is a folder with an older version of this project: each row is measured with its code as well, one after the other. The
row `plan` is all that happens before the first image is decoded, all of it in one process; `fingerprint` is what a
second run on the same images does first. For Prism and Flink, give their arguments as --beam.
"""

import argparse
import io
import json
import os
import random
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from detection.sample_data import draw

SIZE = (192, 144)
_QUALITY = 60  # with the grain below, about 4 kB
_DRAWN = 4000  # ext4 allows 65,000 links to a file
_PROCESSES = '--direct_running_mode=multi_processing --direct_num_workers=2'
# {row: Beam's arguments}; for the plan, and for the fingerprint of a second run, without Beam.
ROWS = {'plan': None, 'fingerprint': None, 'local': '', 'local, 2 processes': _PROCESSES}


def write(directory: Path, images: int) -> None:
  """A VOC folder with `images` images, most of them hard links; does nothing if it is there already."""
  if (directory / 'complete').exists():
    return
  for folder in ('Annotations', 'JPEGImages'):
    (directory / folder).mkdir(parents=True, exist_ok=True)
  with ProcessPoolExecutor() as pool:
    list(pool.map(_draw, [directory] * 64, [range(start, min(images, _DRAWN), 64) for start in range(64)]))
  for number in range(_DRAWN, images):
    for place in ('JPEGImages/{:07}.jpg', 'Annotations/{:07}.xml'):
      if (directory / place.format(number)).exists():
        continue
      os.link(directory / place.format(number % _DRAWN), directory / place.format(number))
  (directory / 'complete').touch()


def _draw(directory: Path, numbers: range) -> None:
  grain = Image.effect_noise(SIZE, 20).convert('RGB')
  for number in numbers:
    rng = random.Random(number)
    image = draw.background(*SIZE, rng)
    shapes = draw.draw_shapes(image, rng)
    buffer = io.BytesIO()
    Image.blend(image, grain, 0.1).save(buffer, 'JPEG', quality=_QUALITY)
    (directory / f'JPEGImages/{number:07}.jpg').write_bytes(buffer.getvalue())
    (directory / f'Annotations/{number:07}.xml').write_text(draw.voc_xml(f'{number:07}.jpg', *SIZE, shapes))


_PLAN = """
import json, sys, tempfile, time
from components.voc_example_gen import plan
from components.voc_example_gen.settings import IngestSettings
settings = IngestSettings(data_format='voc')

def make(folder):
  try:
    from components.voc_example_gen import spread_listing, spread_plan, stages
  except ImportError:  # an older version
    return plan.make(sys.argv[1], settings)
  tree = spread_listing.read(sys.argv[1], folder)
  if not isinstance(tree, spread_listing.SpreadTree):
    return plan.of_tree(tree, settings)
  return stages.run(spread_plan.first(tree, settings, folder, stages.Result), lambda jobs: [job() for job in jobs])

started = time.perf_counter()
with tempfile.TemporaryDirectory() as folder:
  images = make(folder).images
print(json.dumps({'images': images, 'seconds': time.perf_counter() - started}))
"""
_FINGERPRINT = """
import json, pathlib, sys, time
from components.voc_example_gen import listing
started = time.perf_counter()
listing.state_of(sys.argv[1])
print(json.dumps({'images': int(pathlib.Path(sys.argv[1]).name), 'seconds': time.perf_counter() - started}))
"""
_INGEST = """
import json, pathlib, shutil, sys, tempfile, time
from benchmarks import ingest
output = pathlib.Path(tempfile.mkdtemp(dir=pathlib.Path(sys.argv[1]).parent))
try:
  run = ingest.ingestion(pathlib.Path(sys.argv[1]), [], output, tuple(sys.argv[2:]))
  started = time.perf_counter()
  images = run()
  print(json.dumps({'images': images, 'seconds': time.perf_counter() - started}))
finally:
  shutil.rmtree(output)
"""


def measure(row: str, beam: str | None, root: Path, checkout: Path) -> dict[str, float]:
  """Runs one row in a process of its own.

  Returns:
    images; seconds of the work; cpu: seconds of the whole process, imports included; driver and worker: peak bytes.
  """
  import psutil

  script = {'plan': _PLAN, 'fingerprint': _FINGERPRINT}.get(row, _INGEST)
  command = [sys.executable, '-c', script, str(root), *(beam or '').split()]
  environment = {**os.environ, 'PYTHONPATH': str(checkout)}
  found, cpu = {'driver': 0.0, 'worker': 0.0}, _cpu_seconds()
  with subprocess.Popen(
    command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=checkout
  ) as process:
    driver = psutil.Process(process.pid)
    while process.poll() is None:
      found['driver'] = max(found['driver'], _memory(driver))
      workers = [_memory(worker) for worker in _children(driver)]
      found['worker'] = max(found['worker'], *workers, 0)
      time.sleep(0.1)
    lines = process.stdout.read().splitlines() if process.stdout else []
  if process.returncode:
    raise RuntimeError(f'{beam} on {root} with {checkout}: exit status {process.returncode}')
  return {**json.loads(lines[-1]), **found, 'cpu': _cpu_seconds() - cpu}


def _cpu_seconds() -> float:
  """Of all processes that this one has started and that have ended, with theirs."""
  used = resource.getrusage(resource.RUSAGE_CHILDREN)
  return used.ru_utime + used.ru_stime


def _children(process: 'psutil.Process') -> list:  # noqa: F821
  import psutil

  try:
    return process.children(recursive=True)
  except psutil.NoSuchProcess:
    return []


def _memory(process: 'psutil.Process') -> int:  # noqa: F821
  import psutil

  try:
    return process.memory_info().rss
  except psutil.NoSuchProcess:
    return 0


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('directory', type=Path)
  parser.add_argument('--images', type=int, nargs='+', default=[10_000, 100_000])
  parser.add_argument('--against', type=Path, help='a checkout of an older version')
  parser.add_argument('--rows', nargs='+', choices=ROWS, default=list(ROWS))
  parser.add_argument('--beam', help="Beam's arguments of a row that is measured instead")
  arguments = parser.parse_args()
  here = Path(__file__).parents[1]
  rows = {arguments.beam: arguments.beam} if arguments.beam else {row: ROWS[row] for row in arguments.rows}
  columns = ('row', 'code', 'images', 'images/s', 'seconds', 'CPU ms an image', 'driver, MB', 'largest worker, MB')
  print(f'| {" | ".join(columns)} |\n|{"---|" * len(columns)}', flush=True)
  for images in arguments.images:
    root = (arguments.directory / str(images)).absolute()
    write(root, images)
    for row, beam in rows.items():
      for checkout in [arguments.against, here] if arguments.against else [here]:
        found = measure(row, beam, root, checkout.absolute())
        print(_line(row, 'this' if checkout == here else 'before', found), flush=True)


def _line(row: str, code: str, found: dict[str, float]) -> str:
  images = int(found['images'])
  rate, cpu = images / found['seconds'], 1e3 * found['cpu'] / images
  driver, worker = (found[who] / 2**20 for who in ('driver', 'worker'))
  return (
    f'| {row} | {code} | {images} | {rate:.0f} | {found["seconds"]:.1f} | {cpu:.3f} | {driver:.0f} | {worker:.0f} |'
  )


if __name__ == '__main__':
  main()
