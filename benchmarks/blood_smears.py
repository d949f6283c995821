"""Draws a VOC data set of blood smears: crowded and overlapping objects of three sizes, labelled as people label.

    python -m benchmarks.blood_smears DIR [--images 364] [--seed 0]

Stands in for a real set of some hundred photographs where none is there. What makes it hard is what makes such sets
hard: cells cut by the border, cells over cells, stains that differ from image to image, classes of very different
counts, specks that are no objects; of the labels, 6 % are missing and the corners of the others are a few percent off.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from detection.sample_data import draw as sample_data
from detection.sample_data.draw import Shape

WIDTH, HEIGHT = 640, 480
MISSING = 0.06
RED, WHITE, PLATELET = 'red cell', 'white cell', 'platelet'
# Standard deviation of a labelled corner, as a fraction of the box's sides.
OFF = {RED: 0.025, WHITE: 0.04, PLATELET: 0.06}

Outline = list[tuple[float, float]]


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('directory', type=Path, metavar='DIR', help='a new folder')
  parser.add_argument('--images', type=int, default=364)
  parser.add_argument('--seed', type=int, default=0)
  args = parser.parse_args()
  for name in ('JPEGImages', 'Annotations'):
    (args.directory / name).mkdir(parents=True)
  for number in range(args.images):
    image, shapes = draw(random.Random(f'{args.seed}/{number}'))
    stem = f'smear-{number:04}'
    image.save(args.directory / 'JPEGImages' / f'{stem}.jpg', quality=85)
    xml = sample_data.voc_xml(f'{stem}.jpg', WIDTH, HEIGHT, shapes)
    (args.directory / 'Annotations' / f'{stem}.xml').write_text(xml, encoding='utf-8')


def draw(rng: random.Random) -> tuple[Image.Image, list[Shape]]:
  """One smear, and what is labelled in it."""
  light = np.array([rng.uniform(195, 230), rng.uniform(185, 215), rng.uniform(185, 210)])
  y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
  slope = 1 + rng.uniform(-0.12, 0.12) * (x / WIDTH - 0.5) + rng.uniform(-0.12, 0.12) * (y / HEIGHT - 0.5)
  pixels = (slope[..., np.newaxis] * light).astype(np.float32)
  scale = rng.uniform(0.88, 1.12)
  shapes = [
    *_red_cells(pixels, scale, rng),
    *_white_cells(pixels, scale, rng),
    *_platelets(pixels, scale, rng),
  ]
  for _ in range(rng.choice((0, 0, 1, 2))):  # specks
    radius, centre = rng.uniform(3, 9), (rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT))
    _paint(pixels, _mask(_outline(centre, radius, radius, 0.2, rng), 1.5) * 0.5, (130, 100, 150))
  pixels += np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 5), pixels.shape)
  image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
  return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.8))), shapes


def _red_cells(pixels: np.ndarray, scale: float, rng: random.Random) -> Iterator[Shape]:
  """Stained discs, pale in the middle, darker where they lie over each other."""
  stain = np.array([rng.uniform(0.8, 0.9), rng.uniform(0.62, 0.78), rng.uniform(0.64, 0.8)], np.float32)
  y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
  for centre in _centres(max(0, round(rng.gauss(12, 5))), 95 * scale, rng):
    radius = rng.gauss(48, 4) * scale
    outline = _outline(centre, radius * rng.uniform(0.9, 1.1), radius * rng.uniform(0.9, 1.1), 0.04, rng)
    distance = np.hypot(x - centre[0], y - centre[1]) / radius
    pale = (1 - distance / rng.uniform(0.45, 0.8)).clip(0, 1) * rng.uniform(0.1, 0.6)
    seen = _mask(outline, rng.uniform(1, 2.5))[..., np.newaxis]
    pixels *= 1 - seen * (1 - stain) * (1 - pale[..., np.newaxis]) * rng.uniform(0.8, 1.1)
    if _share_inside(outline) > 0.25:
      yield from _labelled(RED, outline, rng)


def _white_cells(pixels: np.ndarray, scale: float, rng: random.Random) -> Iterator[Shape]:
  """Large pale cells with a dark nucleus of one to four lobes."""
  for _ in range(rng.choices((0, 1, 2), (0.06, 0.86, 0.08))[0]):
    radius, centre = rng.uniform(62, 108) * scale, (rng.uniform(40, WIDTH - 40), rng.uniform(40, HEIGHT - 40))
    outline = _outline(centre, radius, radius * rng.uniform(0.8, 1.15), 0.08, rng)
    cell = _mask(outline, 2.5)
    _paint(pixels, cell * 0.85, (rng.uniform(185, 215), rng.uniform(165, 195), rng.uniform(185, 215)))
    colour = rng.uniform(95, 140), rng.uniform(60, 95), rng.uniform(135, 175)
    for _ in range(rng.choice((1, 2, 3, 3, 4))):
      angle, away, lobe = rng.uniform(0, math.tau), rng.uniform(0, 0.4) * radius, radius * rng.uniform(0.3, 0.62)
      middle = centre[0] + away * math.cos(angle), centre[1] + away * math.sin(angle)
      _paint(pixels, _mask(_outline(middle, lobe, lobe * rng.uniform(0.6, 1), 0.12, rng), 2) * cell * 0.9, colour)
    yield from _labelled(WHITE, outline, rng)


def _platelets(pixels: np.ndarray, scale: float, rng: random.Random) -> Iterator[Shape]:
  """Small violet flecks."""
  for _ in range(rng.choices(range(5), (0.42, 0.32, 0.14, 0.08, 0.04))[0]):
    radius, centre = rng.uniform(11, 22) * scale, (rng.uniform(10, WIDTH - 10), rng.uniform(10, HEIGHT - 10))
    outline = _outline(centre, radius, radius * rng.uniform(0.65, 1.2), 0.16, rng)
    colour = rng.uniform(120, 165), rng.uniform(85, 130), rng.uniform(150, 185)
    _paint(pixels, _mask(outline, 2) * rng.uniform(0.45, 0.85), colour)
    yield from _labelled(PLATELET, outline, rng)


def _centres(count: int, apart: float, rng: random.Random) -> Iterator[tuple[float, float]]:
  """Places that lie a half to once `apart` from each other, as far as there is room for them."""
  taken: list[tuple[float, float]] = []
  for _ in range(count):
    for _ in range(12):
      here = rng.uniform(-10, WIDTH + 10), rng.uniform(-10, HEIGHT + 10)
      if all(math.dist(here, other) > rng.uniform(0.55, 1) * apart for other in taken):
        taken.append(here)
        yield here
        break


def _outline(centre: tuple[float, float], wide: float, high: float, unround: float, rng: random.Random) -> Outline:
  phases, turn = [rng.uniform(0, math.tau) for _ in range(4)], rng.uniform(0, math.pi)
  points = []
  for step in range(64):
    angle = math.tau * step / 64
    reach = 1 + sum(unround / (k + 1) * math.sin((k + 2) * angle + phase) for k, phase in enumerate(phases))
    x, y = wide * reach * math.cos(angle), high * reach * math.sin(angle)
    points.append(
      (centre[0] + x * math.cos(turn) - y * math.sin(turn), centre[1] + x * math.sin(turn) + y * math.cos(turn))
    )
  return points


def _mask(outline: Outline, blur: float) -> np.ndarray:
  """[height, width] float32 in [0, 1]: how much of a pixel is inside."""
  mask = Image.new('L', (WIDTH, HEIGHT))
  ImageDraw.Draw(mask).polygon(outline, fill=255)
  return np.asarray(mask.filter(ImageFilter.GaussianBlur(blur)), np.float32) / 255


def _paint(pixels: np.ndarray, cover: np.ndarray, colour: tuple[float, float, float]) -> None:
  """Lays a colour over `pixels`, in place, as far as `cover` says."""
  pixels += cover[..., np.newaxis] * (np.array(colour, np.float32) - pixels)


def _share_inside(outline: Outline) -> float:
  """How much of the outline's box is inside the image."""
  low, high = np.min(outline, axis=0), np.max(outline, axis=0)
  inside = np.minimum(high, (WIDTH, HEIGHT)) - np.maximum(low, 0)
  return float(inside.clip(0).prod() / (high - low).prod())


def _labelled(label: str, outline: Outline, rng: random.Random) -> Iterator[Shape]:
  """The label that somebody gave: now and then none, and never quite right."""
  if rng.random() < MISSING:
    return
  limits = np.array([WIDTH, HEIGHT])
  low, high = np.min(outline, axis=0).clip(0, limits), np.max(outline, axis=0).clip(0, limits)
  off = np.array([rng.gauss(0, OFF[label]) for _ in range(4)]).reshape(2, 2) * (high - low)
  (left, top), (right, bottom) = (low + off[0]).clip(1, limits), (high + off[1]).clip(1, limits)
  yield Shape(label, int(left), int(top), int(right), int(bottom))


if __name__ == '__main__':
  main()
