"""Draws the data set that the ingestion benchmarks share: JPEG images of 640x480, about 60 kB each, with VOC XML."""

import argparse
import io
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image, ImageChops

from detection.sample_data import draw

SIZE = (640, 480)
_QUALITY = 79  # with the grain below, about 60 kB


def write(directory: Path, images: int) -> None:
  """Draws `images` different images into `directory`, unless they are there already; a VOC devkit with ImageSets."""
  for folder in ('Annotations', 'JPEGImages', 'ImageSets/Main'):
    (directory / folder).mkdir(parents=True, exist_ok=True)
  missing = [n for n in range(images) if not (directory / f'Annotations/{n:06}.xml').exists()]
  with ProcessPoolExecutor() as pool:
    list(pool.map(_write_some, [directory] * 64, [missing[start::64] for start in range(64)]))
  evaluated = range(0, images, 5)
  lists = {'val': evaluated, 'train': sorted(set(range(images)) - set(evaluated))}
  for name, numbers in lists.items():
    (directory / f'ImageSets/Main/{name}.txt').write_text(''.join(f'{n:06}\n' for n in numbers))


def _write_some(directory: Path, numbers: list[int]) -> None:
  grain = Image.effect_noise(SIZE, 28).convert('RGB')
  backgrounds = [draw.background(*SIZE, random.Random(n)) for n in range(4)]
  for number in numbers:
    rng = random.Random(number)
    image = backgrounds[number % 4].copy()
    shapes = draw.draw_shapes(image, rng)
    image = Image.blend(image, ImageChops.offset(grain, rng.randrange(SIZE[0]), rng.randrange(SIZE[1])), 0.25)
    buffer = io.BytesIO()
    image.save(buffer, 'JPEG', quality=_QUALITY)
    (directory / f'JPEGImages/{number:06}.jpg').write_bytes(buffer.getvalue())
    xml = draw.voc_xml(f'{number:06}.jpg', *SIZE, shapes)
    (directory / f'Annotations/{number:06}.xml').write_text(xml)


if __name__ == '__main__':
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('directory', type=Path)
  parser.add_argument('--images', type=int, default=10_000)
  arguments = parser.parse_args()
  write(arguments.directory, arguments.images)
