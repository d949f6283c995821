"""TFRecord files of drawn shapes, for the benchmarks that train on them."""

import io
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from PIL import Image

from components.voc_example_gen import plan
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.shard_writer import ShardWriter
from detection import records
from detection.records import LabelledBox, LabelledImage
from detection.sample_data import draw
from detection.sample_data.domains import DOMAINS, Domain

LABELS = {name: number for number, name in enumerate(draw.CLASSES, start=1)}
SIZE = (240, 180)


def write(
  path: Path,
  count: int,
  seed: int,
  domain: str = 'plain',
  name: Callable[[str], str] = str,
  away: int = 1,
) -> str:
  """Draws `count` images into one TFRecord file; returns its path.

  Args:
    path: of the file. count: of images. seed: equal ones give equal images. domain: of sample_domains.DOMAINS.
    name: what a shape's class is called in the file.
    away: objects are so many times smaller, and the square of it more, as from further away.
  """

  def pictures() -> Iterator[tuple[Image.Image, list[draw.Shape]]]:
    for number in range(count):
      image, shapes = _draw(random.Random(f'{seed}/{number}'), DOMAINS[domain], away)
      yield image, [shape._replace(label=name(shape.label)) for shape in shapes]

  return write_pictures(path, pictures())


def write_pictures(path: Path, pictures: Iterable[tuple[Image.Image, list[draw.Shape]]]) -> str:
  """Writes images with the shapes in them into one TFRecord file; returns its path."""
  path.parent.mkdir(parents=True, exist_ok=True)
  with path.open('wb') as file:
    for number, (image, shapes) in enumerate(pictures):
      records.write(file, example(image, shapes, f'drawn-{number:04}'))
  return str(path)


def _draw(rng: random.Random, domain: Domain, away: int) -> tuple[Image.Image, list[draw.Shape]]:
  """One drawing; or as many smaller ones as fill an image, side by side."""
  if away == 1:
    return draw.draw(SIZE, rng, domain)
  image, shapes = Image.new('RGB', SIZE), []
  wide, high = (side // away for side in SIZE)
  for place in range(away * away):
    left, top = place % away * wide, place // away * high
    tile, found = draw.draw(SIZE, rng, domain)
    image.paste(tile.resize((wide, high), Image.Resampling.BOX), (left, top))
    for shape in found:
      xmin, ymin, xmax, ymax = (corner / away for corner in shape[1:])
      shapes.append(draw.Shape(shape.label, left + xmin, top + ymin, left + xmax, top + ymax))
  return image, shapes


def ingest(data: Path, target: Path) -> str:
  """Writes every image of a VOC folder into one TFRecord file; returns the pattern that names it."""
  planned = plan.make(str(data), IngestSettings())
  tasks = tuple(task for shard in planned.shards for task in shard.tasks)
  writer = ShardWriter(planned.root, str(target), str(target / 'outcomes'), planned.placing, keep_negatives=True)
  writer.write(plan.Shard('train', 0, 1, tasks))
  return str(target / 'Split-train' / '*')


def example(image: Image.Image, shapes: list[draw.Shape], name: str = 'drawn') -> bytes:
  """A serialized tf.Example of a Pillow image and the shapes in it."""
  encoded = io.BytesIO()
  image.save(encoded, 'JPEG', quality=90)
  width, height = image.size
  boxes = [
    LabelledBox(shape.label, shape.ymin / height, shape.xmin / width, shape.ymax / height, shape.xmax / width)
    for shape in shapes
  ]
  return records.serialize(LabelledImage(encoded.getvalue(), 'jpeg', height, width, name, boxes))
