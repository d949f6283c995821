"""Where ingestion's CPU time goes: each stage by itself, in one thread, over the same images.

python -m benchmarks.ingest_stages DATA_FOLDER [--images 2000]
"""

import argparse
import hashlib
import io
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from components.voc_example_gen import boxes, detect, images, ingest, listing, plan
from components.voc_example_gen.formats import voc
from components.voc_example_gen.settings import IngestSettings
from detection import records


class Stages:
  """Takes the CPU time of one stage after the other."""

  def __init__(self, count: int) -> None:
    self.microseconds: dict[str, float] = {}
    self._count = count

  def run(self, name: str, function: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
    """function over the arguments, taken together as map does; its results."""
    started = time.process_time()
    results = list(map(function, *arguments))
    self.microseconds[name] = 1e6 * (time.process_time() - started) / self._count
    return results


def measure(root: Path, count: int) -> dict[str, float]:
  """CPU microseconds an image of each stage."""
  started = time.process_time()
  tree = listing.list_folder(str(root))
  found = detect.find(tree, 'voc')
  stages = Stages(count)
  stages.microseconds['list and pair'] = 1e6 * (time.process_time() - started) / len(found.items)
  started = time.process_time()
  planned = plan.make(str(root), IngestSettings(data_format='voc'))
  rest = 1e6 * (time.process_time() - started) / len(found.items)
  stages.microseconds['divide, cut into shards'] = rest - stages.microseconds['list and pair']
  tasks = [task for shard in planned.shards for task in shard.tasks][:count]
  annotations = stages.run('read and parse XML', lambda task: voc.read(planned.root, task.item.annotation_file), tasks)
  contents = stages.run('read image', lambda task: images.read(planned.root, task.item.image), tasks)
  digests = stages.run('digest', lambda content: hashlib.sha256(content).hexdigest(), contents)
  checked = stages.run(
    'open, decode, check',
    lambda content, annotation: images.check(content, annotation.declared_size),
    contents,
    annotations,
  )
  opened = stages.run('opening: the header', lambda content: Image.open(io.BytesIO(content)), contents)
  stages.run('decoding at an eighth', _decode, opened)
  stages.run('the same by OpenCV', _decode_in_opencv, contents)
  usable = stages.run(
    'boxes', lambda annotation, image: boxes.usable(annotation, image.width, image.height)[0], annotations, checked
  )
  with tempfile.TemporaryFile(dir=root.parent) as file:
    outcomes = [ingest.Outcome(task.item.image, digest=digest) for task, digest in zip(tasks, digests, strict=True)]
    stages.run('encode and write', lambda *one: records.write(file, ingest._example(*one)), outcomes, checked, usable)
  return stages.microseconds


def _decode(image: Image.Image) -> None:
  image.draft('L', (image.width // 8, image.height // 8))
  image.load()


def _decode_in_opencv(content: bytes) -> None:
  cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)


def table(microseconds: dict[str, float]) -> list[str]:
  """Markdown lines; what is part of another stage is not added up."""
  notes = {'opening: the header': 'of which ', 'decoding at an eighth': 'of which ', 'the same by OpenCV': 'not used: '}
  total = sum(value for name, value in microseconds.items() if name not in notes)
  lines = ['| stage | CPU us an image |', '|---|---|']
  lines += [f'| {notes.get(name, "")}{name} | {value:.0f} |' for name, value in microseconds.items()]
  return [*lines, f'| all | {total:.0f} |']


if __name__ == '__main__':
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('directory', type=Path)
  parser.add_argument('--images', type=int, default=2000)
  arguments = parser.parse_args()
  print('\n'.join(table(measure(arguments.directory, arguments.images))))
