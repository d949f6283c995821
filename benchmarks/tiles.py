"""Small objects in large images: trained and looked at tile by tile against whole, at equal steps.

    python -m benchmarks.tiles [--side 4000] [--tile 320] [--images 20] [--steps 400] [--output FILE]

Drawn images of side x side pixels with objects of 13 to 36 pixels in 40 places each. The network's input is the same,
160 pixels. AP is measured on whole images, either way; seconds are those of a whole image, on the CPU.
"""

import argparse
import random
import time
from pathlib import Path

import PIL.Image

from benchmarks import command, drawn_shapes, short_training
from benchmarks.drawn_shapes import LABELS
from benchmarks.short_training import Examples
from components.evaluator.examples import parse as parse_example
from detection import records
from detection.inference.detector import Detector
from detection.metrics import coco, results
from detection.sample_data import draw
from detection.tiles import cut
from detection.tiles.grid import Grid
from detection.tiles.settings import TileSettings

PLACES, PATCH = 40, 60


def run(root: Path, options: argparse.Namespace) -> str:
  """Draws, cuts, trains both ways, and looks at whole images; returns the table."""
  settings = TileSettings(size=options.tile)
  whole = {
    split: drawn_shapes.write_pictures(root / split, (large(options.side, f'{split}/{n}') for n in range(count)))
    for split, count in (('train', options.images), ('eval', options.images // 2))
  }
  tiled = {split: cut_file(path, settings) for split, path in whole.items()}
  rows = []
  for way, examples, grid in (('whole', whole, None), ('tiles', tiled, settings.grid)):
    trained = short_training.train(
      root / f'{way}-training', Examples(examples['train'], examples['eval']), options.steps
    )
    model = short_training.export(trained, root / f'{way}-model')
    metrics, seconds = score(model, whole['eval'], grid)
    rows.append((way, *(f'{metrics[name]:.3f}' for name in ('AP', 'AP50')), f'{seconds:.2f}'))
    print(rows[-1], flush=True)
  count = sum(1 for _ in records.read([tiled['train']]))
  lines = [
    f'{short_training.BASE}, batch 8, {options.steps} steps. {options.images} images of {options.side} '
    f'pixels a side to train on, objects of 13 to 36 pixels in {PLACES} places of each; {count} tiles of '
    f'{options.tile} pixels. '
    f'{options.images // 2} whole images to evaluate on.',
    '',
    *command.table(('trained and looked at', 'AP', 'AP50', 'CPU seconds an image'), rows),
  ]
  return '\n'.join(lines) + '\n'


def large(side: int, seed: str) -> tuple[PIL.Image.Image, list[draw.Shape]]:
  """One image with small shapes, each in a place of its own."""
  rng = random.Random(seed)
  image, shapes = draw.background(side, side, rng), []
  across = side // PATCH
  for place in rng.sample(range(across * across), min(PLACES, across * across)):
    left, top = place % across * PATCH, place // across * PATCH
    patch = image.crop((left, top, left + PATCH, top + PATCH))
    for shape in draw.draw_shapes(patch, rng):
      label, xmin, ymin, xmax, ymax = shape
      shapes.append(draw.Shape(label, left + xmin, top + ymin, left + xmax, top + ymax))
    image.paste(patch, (left, top))
  return image, shapes


def cut_file(path: str, settings: TileSettings) -> str:
  """The tiles of a record file, in another one beside it."""
  target = f'{path}-tiles'
  with Path(target).open('wb') as file:
    for record in records.read([path]):
      for tile in cut.tiles(record, settings):
        records.write(file, records.serialize(tile))
  return target


def score(model: str, path: str, grid: Grid | None) -> tuple[dict[str, float], float]:
  """(COCO's metrics on whole images, CPU seconds an image)"""
  detector, parts = Detector(model, tiles=grid), []
  images = [parse_example(record, LABELS, path) for record in records.read([path])]
  detector.detect_encoded([images[0][1]])  # the first call takes longer
  begun = time.process_time()
  for image, encoded in images:
    parts.append(results.of_image(image, detector.detect_encoded([encoded])[0].with_ids(LABELS)))
  seconds = (time.process_time() - begun) / len(images)
  return coco.accumulate(results.merge(parts), list(LABELS.values())).metrics(), seconds


if __name__ == '__main__':
  command.main(__doc__, run, side=4000, tile=320, images=20, steps=400)
