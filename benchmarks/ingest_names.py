"""What ingestion costs besides its images: listing, pairing, shards, settling, adding up and comparing.

    python -m benchmarks.ingest_names [--images 100000 1000000] [--method hash] [--format coco] [--whole]
    python -m benchmarks.ingest_names --format yolo --corners 3 200

The images exist by name only, and what a worker would find in them is drawn. So a million fit any disk, and what is
left is what the process that plans has to do and hold. Each row is a process of its own, which has one worker process.
No engine is used, and no TensorFlow loaded. Of the formats that keep many images in one file, this file is written;
label files of YOLO are drawn when they are read.
"""

import argparse
import dataclasses
import functools
import json
import math
import multiprocessing
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from components.voc_example_gen import ingest, listing, moving, plan
from components.voc_example_gen.formats import csv_table, yolo
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.shard_writer import ShardWriter
from components.voc_example_gen.spread import list_stages, spread_plan, spread_sums, stages
from components.voc_example_gen.writing import Written

_SIZE = 57_000  # bytes of an image
_CLASSES = 20


class _Names(listing.Walk):
  """A folder of images that are not there."""

  images, data_format = 0, ''

  def __iter__(self) -> Iterator[listing.File]:
    for number in range(self.images):
      yield listing.File(f'images/{number:09}.jpg', _SIZE)
      if self.data_format in ('voc', 'yolo'):
        yield listing.File(f'labels/{number:09}.{"xml" if self.data_format == "voc" else "txt"}', 700)
    if self.data_format == 'coco':
      yield listing.File(_write_coco(self.root, self.images), 0)
    if self.data_format == 'csv':
      yield listing.File(_write_csv(self.root, self.images), 0)


def _write_coco(root: str, images: int) -> str:
  """A file with three boxes and their polygons for each image; returns its name."""
  with open(f'{root}/instances.json', 'w', encoding='utf-8') as file:
    file.write('{"images": [')
    for number in range(images):
      image = {'id': number, 'file_name': f'{number:09}.jpg', 'width': 640, 'height': 480}
      file.write(f'{"," if number else ""}\n{json.dumps(image)}')
    file.write('], "annotations": [')
    for number in range(3 * images):
      box = {'id': number, 'image_id': number // 3, 'category_id': number % _CLASSES, 'bbox': [10.5, 20.25, 160, 240.5]}
      box['segmentation'] = [[10.5 + n for n in range(60)]]
      file.write(f'{"," if number else ""}\n{json.dumps(box)}')
    categories = [{'id': number, 'name': f'class {number}'} for number in range(_CLASSES)]
    file.write(f'], "categories": {json.dumps(categories)}}}')
  return 'instances.json'


def _write_csv(root: str, images: int) -> str:
  """A table with three boxes for each image; returns its name."""
  with open(f'{root}/labels.csv', 'w', encoding='utf-8', newline='') as file:
    table = csv_table.Writer(file)
    for number in range(images):
      boxes = [(f'class {(3 * number + n) % _CLASSES}', (10.5, 20.25, 170.5, 260.75)) for n in range(3)]
      table.add(f'{number:09}.jpg', 640, 480, boxes)
  return 'labels.csv'


@dataclasses.dataclass(frozen=True)
class _Pretend:
  """Reports what became of the images of some shards, without looking at them."""

  writer: ShardWriter
  shards: tuple[plan.Shard, ...]

  def __call__(self) -> None:
    for shard in self.shards:
      self.writer.save_outcomes(shard, (self._outcome(task.item.image) for task in shard.tasks))

  def _outcome(self, image: str) -> ingest.Outcome:
    rng = random.Random(image)
    found = ingest.Outcome(image, digest=f'{rng.getrandbits(256):064x}', width=640, height=480)
    found.split = self.writer.placing.split_of(image, found.digest)
    found.objects = [(f'class {rng.randrange(_CLASSES)}', 0.25, 0.5) for _ in range(3)]
    found.classes = sorted({label for label, _, _ in found.objects})
    found.thumb = rng.getrandbits(64)
    return found


def _pretend(images: int, data_format: str, corners: Sequence[int]) -> None:
  """Makes this process take such a folder for the one that it is to list, and to read."""
  _Names.images, _Names.data_format = images, data_format
  yolo.read_annotation_file = functools.partial(_label_file, corners)
  listing.Walk = _Names  # type: ignore[misc]


def _run(job: stages.Job) -> None:
  job()


def _label_file(corners: Sequence[int], root: str, path: str, limit: int) -> bytes:
  """Stands for a label file with three boxes; or polygons that have from the least to the most corners, if given."""
  if not corners:
    return b''.join(b'%d 0.5 0.4%d 0.25 0.125\n' % ((len(root + path) + n) % _CLASSES, n) for n in range(3))
  rng = random.Random(path)
  return b''.join(b'%d %s\n' % (rng.randrange(_CLASSES), _ring(rng.randint(*corners))) for _ in range(3))


@functools.cache
def _ring(corners: int) -> bytes:
  angles = [2 * math.pi * n / corners for n in range(corners)]
  return b' '.join(b'%.6f %.6f' % (0.5 + 0.25 * math.cos(angle), 0.5 + 0.125 * math.sin(angle)) for angle in angles)


def run(arguments: argparse.Namespace, folder: str) -> dict[str, float]:
  """One row, in this process and one worker process."""
  images = arguments.images[0]
  named = images, arguments.format, arguments.corners
  _pretend(*named)
  settings = IngestSettings(data_format=arguments.format, split={'method': arguments.method})
  with ProcessPoolExecutor(1, multiprocessing.get_context('spawn'), _pretend, named) as pool:

    def run_all(jobs: Sequence[stages.Job]) -> None:
      # There are no records that could be moved to another split.
      list(pool.map(_run, (job for job in jobs if not isinstance(job, moving.Move))))

    large = list_stages.begin(folder, folder)
    if not isinstance(large, list_stages.Large):
      raise SystemExit(f'{images} images are few: they are planned in one process. Expected more.')
    if arguments.whole:
      planned = plan.of_tree(stages.run(large.stage(stages.Result), run_all).whole(), settings)
    else:
      planned = stages.run(large.stage(spread_plan.Planning(settings, folder, stages.Result)), run_all)
    if planned is None:
      raise SystemExit('these names are planned in one process, expected ones whose parts can be judged one by one')
    writer = ShardWriter(folder, folder, f'{folder}/outcomes', planned.placing, True)
    groups = [planned.shards[start : start + 50] for start in range(0, len(planned.shards), 50)]
    run_all([_Pretend(writer, some) for some in groups])
    pretended = _cpu(resource.RUSAGE_SELF)
    done = stages.run(spread_sums.HandingOn.of(Written(planned, writer, folder)), run_all)
    report = summary.as_dict(done.planned, done.tally())
  if sum(report['images'].values()) != images:
    raise SystemExit(f'expected {images} images in the report, received {report["images"]}')
  here, there = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
  cpu = {'planning': pretended, 'all': _cpu(resource.RUSAGE_SELF), 'worker': _cpu(resource.RUSAGE_CHILDREN)}
  return {**cpu, 'memory': here.ru_maxrss / 1024, 'worker memory': there.ru_maxrss / 1024}


def _cpu(who: int) -> float:
  used = resource.getrusage(who)
  return used.ru_utime + used.ru_stime


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--images', type=int, nargs='+', default=[100_000, 1_000_000])
  parser.add_argument('--method', default='hash', help='data.split.method')
  parser.add_argument('--format', default='voc', choices=('voc', 'coco', 'yolo', 'csv'), help='data.format')
  parser.add_argument('--corners', type=int, nargs=2, default=[], help='of YOLO polygons: the least and the most')
  parser.add_argument('--whole', action='store_true', help='pairs the folder in one process')
  parser.add_argument('--one', action='store_true', help='runs one row here, and prints it as JSON')
  arguments = parser.parse_args()
  if arguments.one:
    with tempfile.TemporaryDirectory() as folder:
      print(json.dumps(run(arguments, folder)))
    return
  columns = ('images', 'this process: CPU s', 'of it planning', 'worker: CPU s', 'this process: MB', 'worker: MB')
  print(f'| {" | ".join(columns)} |\n|{"---|" * len(columns)}', flush=True)
  for images in arguments.images:
    command = [sys.executable, '-m', 'benchmarks.ingest_names', '--one', '--images', str(images)]
    command += ['--method', arguments.method, '--format', arguments.format, *(['--whole'] if arguments.whole else [])]
    command += ['--corners', *map(str, arguments.corners)] if arguments.corners else []
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out.splitlines()[-1])
    seconds = ' | '.join(f'{found[name]:.1f}' for name in ('all', 'planning', 'worker'))
    print(f'| {images} | {seconds} | {found["memory"]:.0f} | {found["worker memory"]:.0f} |', flush=True)


if __name__ == '__main__':
  main()
