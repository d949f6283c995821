"""How ingestion grows with the number of images: images a second, memory of the driver and of the largest worker.

    python -m benchmarks.ingest_scale DIRECTORY [--images 10000 100000] [--against CHECKOUT] [--rows 'local' ...]

The images, of about 4 kB, are drawn once, and no two are alike: a million take 8 GB, most of it for small files. Every
row is a process of its own, and its memory is what the operating system says of it, ten times a second. CHECKOUT
is a folder with an older version of this project: each row is measured with its code as well, one after the other. The
row `plan` is all that happens before the first image is decoded, all of it in one process; `fingerprint` is what a
second run on the same images does first; `local` leaves the number of processes to this project. The rows of a job
server need one that is running:

    python tools/flink.py python -m benchmarks.ingest_scale DIRECTORY --rows 'job server, 1 worker'
"""

import argparse
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
_QUALITY = 60  # with the mosaic below, about 4 kB
_MOSAIC = (16, 12)
_SCENES = 50  # of drawn shapes in each part; no two images have the same mosaic
_PARTS = 64
# Without an image's name TFX would pack itself up for remote workers; pipeline/config.py gives one as well.
_IMAGE = '--sdk_container_image=none'
_WORKERS = f'{_IMAGE} --direct_num_workers='
_PORTABLE = (
  f'{_IMAGE} --runner=PortableRunner --job_endpoint={{}} --job_server_timeout=86400 --environment_type=LOOPBACK '
  '--parallelism={}'
)
_ENDPOINT = os.environ.get('BEAM_JOB_ENDPOINT', '')
# {row: Beam's arguments}; None for those without Beam.
ROWS = {
  'plan': None,
  'fingerprint': None,
  'local': '',
  'local, 1 worker': f'{_WORKERS}1',
  'local, 2 workers': f'{_WORKERS}2',
  'job server, 1 worker': _PORTABLE.format(_ENDPOINT, 1),
  'job server, 2 workers': _PORTABLE.format(_ENDPOINT, 2),
}
_USUAL = [row for row in ROWS if not row.startswith('job server')]


def write(directory: Path, images: int) -> None:
  """Draws a VOC folder with `images` different images; does nothing if it is there already."""
  if (directory / 'complete').exists():
    return
  for folder in ('Annotations', 'JPEGImages'):
    (directory / folder).mkdir(parents=True, exist_ok=True)
  parts = [range(start, images, _PARTS) for start in range(_PARTS)]
  with ProcessPoolExecutor() as pool:
    list(pool.map(_draw, [directory] * _PARTS, parts))
  (directory / 'complete').touch()


def _draw(directory: Path, numbers: range) -> None:
  scenes = [_scene(seed) for seed in range(_SCENES)]
  for number in numbers:
    scene, shapes = scenes[number // _PARTS % _SCENES]
    colours = random.Random(number).randbytes(3 * _MOSAIC[0] * _MOSAIC[1])
    mosaic = Image.frombytes('RGB', _MOSAIC, colours).resize(SIZE, Image.Resampling.BILINEAR)
    Image.blend(scene, mosaic, 0.3).save(directory / f'JPEGImages/{number:07}.jpg', quality=_QUALITY)
    (directory / f'Annotations/{number:07}.xml').write_text(draw.voc_xml(f'{number:07}.jpg', *SIZE, shapes))


def _scene(seed: int) -> tuple[Image.Image, list[draw.Shape]]:
  rng = random.Random(seed)
  image = draw.background(*SIZE, rng)
  return image, draw.draw_shapes(image, rng)


_PLAN = """
import json, sys, tempfile, time
from components.voc_example_gen import plan
from components.voc_example_gen.settings import IngestSettings
settings = IngestSettings(data_format='voc')

def make(folder):
  try:
    from components.voc_example_gen.spread import list_stages, spread_plan, stages
  except ImportError:  # an older version
    return plan.make(sys.argv[1], settings)
  tree = list_stages.begin(sys.argv[1], folder)
  if not isinstance(tree, list_stages.Large):
    return plan.of_tree(tree, settings)
  first = tree.stage(spread_plan.Planning(settings, folder, stages.Result))
  return stages.run(first, lambda jobs: [job() for job in jobs])

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
  # Beam starts its worker processes as plain `python`.
  path = os.pathsep.join((os.path.dirname(sys.executable), os.environ['PATH']))
  environment = {**os.environ, 'PYTHONPATH': str(checkout), 'PATH': path}
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
  parser.add_argument('--rows', nargs='+', choices=ROWS, default=_USUAL)
  arguments = parser.parse_args()
  here = Path(__file__).parents[1]
  rows = {row: ROWS[row] for row in arguments.rows}
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
