"""Ingestion side by side: this project's, the OD API's create_pascal_tf_record logic, and a plain copy of the files.

    python -m benchmarks.ingest DIRECTORY [--images 10000] [--rounds 3]

Draws the data set into DIRECTORY if it is not there. Every row is a process of its own, and rounds are interleaved, so
that a busy machine is busy for all; the table shows medians. Rates leave imports out, peak memory (of the process and
its children together) does not. `decode alone` is a bound: two threads that do nothing but the reduced-scale decode. A
second table says where this ingestion's CPU time goes.
"""

import argparse
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLASSES = {'circle': 1, 'square': 2, 'triangle': 3}
SMALL = 2000


def plain_copy(root: Path, names: list[str], output: Path) -> Callable[[], int]:
  """Copies images and annotations, and looks at nothing."""

  def run() -> int:
    for name in names:
      shutil.copyfile(root / f'JPEGImages/{name}.jpg', output / f'{name}.jpg')
      shutil.copyfile(root / f'Annotations/{name}.xml', output / f'{name}.xml')
    return len(names)

  return run


def od_api(root: Path, names: list[str], output: Path) -> Callable[[], int]:
  """dataset_tools/create_pascal_tf_record.py's own functions, in its own loop; no image is decoded."""
  import tensorflow.compat.v1 as tf
  from lxml import etree
  from object_detection.dataset_tools import create_pascal_tf_record
  from object_detection.utils import dataset_util

  def run() -> int:
    writer = tf.python_io.TFRecordWriter(str(output / 'pascal.record'))
    for name in names:
      with tf.gfile.GFile(str(root / f'Annotations/{name}.xml'), 'r') as file:
        xml = etree.fromstring(file.read())
      data = dataset_util.recursive_parse_xml_to_dict(xml)['annotation']
      data['folder'] = ''
      example = create_pascal_tf_record.dict_to_tf_example(data, str(root), CLASSES)
      writer.write(example.SerializeToString())
    writer.close()
    return len(names)

  return run


def decode_alone(root: Path, names: list[str], output: Path) -> Callable[[], int]:
  """The reduced-scale decode of files already read: what no ingestion with real decoding can beat on these cores."""
  from PIL import Image

  contents = [(root / f'JPEGImages/{name}.jpg').read_bytes() for name in names[:SMALL]]

  def decode(content: bytes) -> None:
    image = Image.open(io.BytesIO(content))
    image.draft('L', (image.width // 8, image.height // 8))
    image.load()

  def run() -> int:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
      return len(list(pool.map(decode, contents)))

  return run


def ingestion(root: Path, names: list[str], output: Path, beam_args: tuple[str, ...] = ()) -> Callable[[], int]:
  """VocExampleGen's executor, whole: fingerprint, plan, every image decoded and checked, records, report and page."""
  from tfx.dsl.components.base import base_beam_executor
  from tfx.types import standard_artifacts

  from components.artifacts import IngestReport
  from components.voc_example_gen import component, executor

  node = component.VocExampleGen(data_root=str(root))
  examples, report = standard_artifacts.Examples(), IngestReport()
  examples.uri, report.uri = str(output / 'examples'), str(output / 'report')
  context = base_beam_executor.BaseBeamExecutor.Context(
    beam_pipeline_args=list(beam_args), tmp_dir=str(output), unique_id='1'
  )

  def run() -> int:
    outputs = {'examples': [examples], 'ingest_report': [report]}
    executor.Executor(context).Do({}, outputs, dict(node.exec_properties))
    return sum(json.loads((output / 'report/report.json').read_text())['images'].values())

  return run


def ingestion_in_processes(root: Path, names: list[str], output: Path) -> Callable[[], int]:
  """The same on two worker processes, as chosen for more data."""
  # Without an image's name TFX would pack itself up for remote workers; pipeline/config.py gives one as well.
  return ingestion(root, names, output, ('--sdk_container_image=none', '--direct_num_workers=2'))


def check_data(root: Path, names: list[str], output: Path) -> Callable[[], int]:
  """The check-data command."""
  from components.voc_example_gen import check_data as checking
  from components.voc_example_gen.settings import IngestSettings

  return lambda: sum(checking.run(str(root), IngestSettings(), lambda line: None)[0]['images'].values())


ROWS = {
  'plain copy': plain_copy,
  'OD API script, no checks': od_api,
  'decode alone, 2 threads': decode_alone,
  'this ingestion': ingestion,
  'this ingestion, 2 processes': ingestion_in_processes,
  'check-data': check_data,
}


def measure_here(row: str, root: Path) -> None:
  """Runs one row in this process; prints JSON: images, seconds, and CPU seconds of it and its children."""
  names = sorted(path.stem for path in (root / 'Annotations').iterdir())
  output = Path(tempfile.mkdtemp(dir=root.parent))
  try:
    run = ROWS[row](root, names, output)
    started, cpu = time.perf_counter(), _cpu_seconds()
    images = run()
    print(json.dumps({'images': images, 'seconds': time.perf_counter() - started, 'cpu': _cpu_seconds() - cpu}))
  finally:
    shutil.rmtree(output)


def _cpu_seconds() -> float:
  used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
  return sum(one.ru_utime + one.ru_stime for one in used)


def measure(row: str, root: Path) -> dict[str, float]:
  """Runs one row in a process of its own, and watches its memory."""
  import psutil

  command = [sys.executable, '-m', 'benchmarks.ingest', str(root), '--row', row]
  with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
    tree, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
      peak = max(peak, _memory(tree))
      time.sleep(0.1)
    lines = process.stdout.read().splitlines()
  if process.returncode:
    raise RuntimeError(f'{row}: exit status {process.returncode}')
  return {**json.loads(lines[-1]), 'peak': peak}


def _memory(tree: 'psutil.Process') -> int:  # noqa: F821
  import psutil

  total = 0
  for process in [tree, *tree.children(recursive=True)]:
    try:
      total += process.memory_info().rss
    except psutil.NoSuchProcess:
      continue
  return total


def table(roots: list[Path], rounds: int) -> list[str]:
  """Markdown lines: every row on the large data set, and ingestion on the small one, to see whether memory grows."""
  plan = [(row, roots[-1]) for row in ROWS] + [('this ingestion', root) for root in roots[:-1]]
  results: dict[tuple[str, Path], list[dict[str, float]]] = {key: [] for key in plan}
  for _ in range(rounds):
    for key in plan:
      results[key].append(measure(*key))
  rates = {key: statistics.median(one['images'] / one['seconds'] for one in runs) for key, runs in results.items()}
  base = rates['OD API script, no checks', roots[-1]]
  lines = [
    '| | images | images/s | against the script | CPU ms an image | peak memory, MB |',
    '|---|---|---|---|---|---|',
  ]
  for (row, root), runs in results.items():
    rate, cpu = rates[row, root], statistics.median(1e3 * one['cpu'] / one['images'] for one in runs)
    images, peak = int(runs[0]['images']), max(one['peak'] for one in runs) / 2**20
    lines.append(f'| {row} | {images} | {rate:.0f} | {rate / base:.2f} | {cpu:.2f} | {peak:.0f} |')
  return lines


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('directory', type=Path)
  parser.add_argument('--images', type=int, default=10_000)
  parser.add_argument('--rounds', type=int, default=3)
  parser.add_argument('--row', choices=ROWS, help=argparse.SUPPRESS)
  arguments = parser.parse_args()
  if arguments.row:
    measure_here(arguments.row, arguments.directory)
    return
  from benchmarks import ingest_data, ingest_stages

  roots = [arguments.directory / str(count) for count in sorted({min(SMALL, arguments.images), arguments.images})]
  for root in roots:
    ingest_data.write(root, int(root.name))
  stages = ingest_stages.table(ingest_stages.measure(roots[-1], min(SMALL, arguments.images)))
  print('\n'.join([*table(roots, arguments.rounds), '', *stages]))


if __name__ == '__main__':
  main()
