"""What the trainer reads before its first batch, and how long that takes, with up to a million records.

    python -m benchmarks.training_start DIRECTORY [--records 10000 1000000]

One file of 560 small records is written, as ingestion does, and all others are hard links to it, with a
record_scan.json that fits. Each number of records is measured in a process of its own, on the network of 160 pixels.
Read is what /proc/self/io counts, from caches too.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

A_FILE = 560  # 32 MB of photographs of 57 kB


def write(root: Path, count: int) -> None:
  """An Examples artifact with so many records in its train split; does nothing if it is there already."""
  from benchmarks import drawn_shapes
  from detection import kept_scans, record_scan
  from detection import records as contract
  from detection.odapi import label_map

  if (root / kept_scans.FILE_NAME).exists():
    return
  drawn = drawn_shapes.write(root / 'drawn', A_FILE, seed=0)
  kept = {}
  files = -(-count // A_FILE)
  for split, number in (('train', files), ('eval', 1)):
    (root / f'Split-{split}').mkdir(parents=True)
    for index in range(number):
      path = root / f'Split-{split}' / f'data_tfrecord-{index:05}-of-{number:05}'
      if not kept:
        with open(path, 'wb') as file:
          writer, first = record_scan.Writer(file), path
          for record in contract.read([drawn]):
            example = contract.parse(record)
            writer.write(record, example.name, example.width * example.height, example.labels)
      else:
        os.link(first, path)
      kept[f'Split-{split}/{path.name}'] = kept_scans.KeptScan(writer.size, writer.scan)
  (root / 'label_map.pbtxt').write_text(label_map.dump(drawn_shapes.LABELS))
  kept_scans.write(str(root), kept)


class _Clock:
  """Seconds and megabytes read since the last phase ended."""

  def __init__(self) -> None:
    self._now = self._read()

  @staticmethod
  def _read() -> tuple[float, float]:
    counts = dict(line.split(': ') for line in Path('/proc/self/io').read_text().splitlines())
    return time.perf_counter(), int(counts['rchar']) / 1e6

  def lap(self) -> str:
    before, self._now = self._now, self._read()
    return f'{self._now[0] - before[0]:.2f} s, {self._now[1] - before[1]:.2f} MB'


def measure(root: Path) -> str:
  """The row of a table: what the trainer does, in its order, up to its first batch."""
  from tfx.types import artifact_utils, standard_artifacts

  from components import training_inputs
  from detection import kept_scans
  from detection.odapi import label_map
  from detection.odapi.config import config_io
  from detection.odapi.model import inputs
  from detection.pipeline_config import builtin_bases, patch
  from detection.training import class_balance, examples_check, parts
  from detection.training.settings import BalanceSettings, TrainSettings

  examples = standard_artifacts.Examples()
  examples.uri, examples.split_names = str(root), artifact_utils.encode_split_names(['train', 'eval'])
  map_path = root / 'label_map.pbtxt'
  labels = label_map.parse(map_path.read_text(), str(map_path))
  request = patch.Request(len(labels), str(map_path), f'{root}/Split-train/*', f'{root}/Split-eval/*', 1, 8)
  config = patch.patch(config_io.parse(builtin_bases.text('ssd_mobilenet_v2_fpnlite_cpu_160')), request)
  clock, cells = _Clock(), []
  scans = training_inputs.scan([examples])
  cells.append(clock.lap())
  training_inputs.content_digest('', [examples], '', None, scans)
  examples_check.check_examples(config, labels, scans)
  class_balance.of(config, BalanceSettings(), scans)
  cells.append(clock.lap())
  engine = parts.build_engine(parts.Task(config, label_map.categories(labels), TrainSettings(), None, scans))
  cells.append(clock.lap())
  next(engine.batches(inputs.InputOptions(scans=scans)))
  cells.append(clock.lap())
  records = sum(scan.records for path, scan in scans.items() if '/Split-train/' in path)
  size = sum(os.path.getsize(path) for path in scans) / 1e6
  kept = (root / kept_scans.FILE_NAME).stat().st_size / 1e6
  return f'| {records} | {len(scans)} | {size:.0f} | {kept:.1f} | {" | ".join(cells)} |'


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('directory', type=Path)
  parser.add_argument('--records', type=int, nargs='+', default=[10_000, 1_000_000])
  parser.add_argument('--measure', action='store_true', help=argparse.SUPPRESS)
  arguments = parser.parse_args()
  if arguments.measure:
    print(measure(arguments.directory))
    return
  columns = ('records', 'files', 'MB of records', 'MB of record_scan.json', 'scans', 'digest, checks, balance')
  columns = (*columns, 'network', 'first batch')
  print(f'| {" | ".join(columns)} |\n|{"---|" * len(columns)}', flush=True)
  for count in arguments.records:
    root = arguments.directory.absolute() / f'records-{count}'
    write(root, count)
    command = [sys.executable, '-m', 'benchmarks.training_start', str(root), '--measure']
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    print(done.stdout.splitlines()[-1], flush=True)


if __name__ == '__main__':
  main()
