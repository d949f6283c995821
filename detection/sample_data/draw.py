"""Draws a small labelled VOC data set: three classes of shapes on cluttered backgrounds, as labelImg would save it.

Layout: JPEGImages/sample-0000.jpg ..., Annotations/sample-0000.xml ..., and .sample-data.json with a digest of them
all. A later call replaces the folder only if the digest still fits.
"""

import colorsys
import hashlib
import json
import math
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

from detection.base import files
from detection.base.errors import ConfigError
from detection.sample_data import domains
from detection.sample_data.domains import DOMAINS, Domain

CLASSES = ('circle', 'square', 'triangle')
MARK = '.sample-data.json'
# Middle of each class's range of hues, as a fraction of the colour circle. The ranges overlap, so that colour helps a
# small model but does not decide.
_HUES = {'circle': 0.02, 'square': 0.33, 'triangle': 0.62}


class Shape(NamedTuple):
  """One drawn object; corners in pixels, xmax and ymax exclusive."""

  label: str
  xmin: int
  ymin: int
  xmax: int
  ymax: int


def write(directory: str, *, images: int = 200, seed: int = 0, domain: str = 'plain') -> None:
  """Draws `images` labelled images into `directory`; equal arguments give equal pixels and boxes.

  The folder appears whole or not at all. A folder that this function made, and nobody changed since, is replaced.

  Args:
    directory: the folder to write.
    images: how many.
    seed: another seed gives other images.
    domain: one of domains.DOMAINS: how the images look. A detector trained on plain ones does worse on the others.

  Raises:
    ConfigError: if `images` is below 1, there is no such domain, or the folder cannot be written, or holds anything
      that this function did not make.
  """
  if images < 1:
    raise ConfigError(f'--images: expected 1 or more, received {images}.')
  if domain not in DOMAINS:
    raise ConfigError(f'--domain: expected one of {", ".join(DOMAINS)}, received "{domain}".')
  target = Path(directory).absolute()
  _refuse_foreign(target)
  try:
    with files.whole_directory(str(target)) as name:
      folder = Path(name)
      for below in ('JPEGImages', 'Annotations'):
        (folder / below).mkdir()
      for number in range(images):
        _write_one(folder, f'sample-{number:04}', random.Random(f'{seed}/{number}'), DOMAINS[domain])
      mark = {'images': images, 'seed': seed, 'domain': domain, 'content': _content(folder)}
      (folder / MARK).write_text(json.dumps(mark, indent=2) + '\n')
  except OSError as error:
    raise ConfigError(f'{directory}: cannot write here: {error.strerror}. Name a folder you may write.') from error
  look = '' if domain == 'plain' else f', domain {domain}'
  print(f'{directory}: {images} images of {", ".join(CLASSES)} with Pascal VOC annotations (seed {seed}{look}).')


def _refuse_foreign(target: Path) -> None:
  if target.is_dir() and not os.listdir(target):
    return
  if target.exists() and not _is_ours(target):
    raise ConfigError(
      f'{target}: expected a new or empty folder, or unchanged sample data; received a folder with other files in it. '
      'Nothing was written: name another folder.'
    )


def _is_ours(target: Path) -> bool:
  try:
    mark = json.loads((target / MARK).read_text())
  except (OSError, ValueError):
    return False
  return isinstance(mark, dict) and mark.get('content') == _content(target)


def _content(directory: Path) -> str:
  digest = hashlib.sha256()
  for path in sorted(p for p in directory.rglob('*') if p.is_file() and p.name != MARK):
    digest.update(f'{path.relative_to(directory).as_posix()}\n'.encode())
    digest.update(bytes.fromhex(files.sha256(str(path))))
  return digest.hexdigest()


def draw(
  size: tuple[int, int], rng: random.Random, domain: Domain = DOMAINS['plain']
) -> tuple[Image.Image, list[Shape]]:
  """Draws one image.

  Args:
    size: (width, height), in pixels.
    rng: decides everything that varies.
    domain: how the image looks.

  Returns:
    The image, in RGB, and the shapes in it.
  """
  image = domains.brick_wall(*size, rng) if domain.bricks else background(*size, rng)
  shapes = draw_shapes(image, rng)
  return domains.photograph(image, domain, rng), shapes


def _write_one(directory: Path, stem: str, rng: random.Random, domain: Domain) -> None:
  width, height = rng.randint(200, 320), rng.randint(180, 300)
  image, shapes = draw((width, height), rng, domain)
  image.save(directory / 'JPEGImages' / f'{stem}.jpg', quality=90)
  xml = voc_xml(f'{stem}.jpg', width, height, shapes)
  (directory / 'Annotations' / f'{stem}.xml').write_text(xml, encoding='utf-8')


def background(width: int, height: int, rng: random.Random) -> Image.Image:
  """Dull patches, lines and grain: clutter that a detector must not take for shapes."""
  coarse = Image.new('RGB', (6, 5))
  coarse.putdata([_colour(rng, rng.random(), (0.0, 0.25), (0.25, 0.8)) for _ in range(30)])
  image = coarse.resize((width, height), Image.Resampling.BICUBIC)
  draw = ImageDraw.Draw(image)
  for _ in range(rng.randint(4, 10)):
    colour = _colour(rng, rng.random(), (0.0, 0.3), (0.2, 0.9))
    ends = [(rng.randint(0, width), rng.randint(0, height)) for _ in range(2)]
    draw.line(ends, fill=colour, width=rng.randint(1, 4))
  for _ in range(rng.randint(2, 6)):
    x, y, size = rng.randint(0, width), rng.randint(0, height), rng.randint(3, 9)
    draw.ellipse((x, y, x + size, y + size), fill=_colour(rng, rng.random(), (0.0, 0.4), (0.2, 0.9)))
  grain = Image.frombytes('L', (width // 2, height // 2), rng.randbytes((width // 2) * (height // 2)))
  return Image.blend(image, grain.resize((width, height)).convert('RGB'), 0.06)


def draw_shapes(image: Image.Image, rng: random.Random) -> list[Shape]:
  """Draws one to three shapes into `image`, and returns them; a place where shapes overlap much is not taken."""
  count = rng.choices((1, 2, 3), weights=(5, 3, 2))[0]
  shapes: list[Shape] = []
  for _ in range(20):
    if len(shapes) == count:
      break
    shape = _place(image.size, rng)
    if all(_overlap(shape, other) < 0.1 for other in shapes):
      shapes.append(_draw_shape(image, shape, rng))
  return shapes


def _place(size: tuple[int, int], rng: random.Random) -> Shape:
  width, height = size
  side = rng.uniform(0.22, 0.6) * min(width, height)
  wide, high = int(side * rng.uniform(0.8, 1.0)), int(side * rng.uniform(0.8, 1.0))
  x, y = rng.randint(1, width - wide - 2), rng.randint(1, height - high - 2)
  return Shape(rng.choice(CLASSES), x, y, x + wide, y + high)


def _overlap(a: Shape, b: Shape) -> float:
  """Intersection divided by the smaller area, so that a small shape is not hidden by a large one."""
  wide = min(a.xmax, b.xmax) - max(a.xmin, b.xmin)
  high = min(a.ymax, b.ymax) - max(a.ymin, b.ymin)
  smaller = min((s.xmax - s.xmin) * (s.ymax - s.ymin) for s in (a, b))
  return max(wide, 0) * max(high, 0) / smaller


def _draw_shape(image: Image.Image, shape: Shape, rng: random.Random) -> Shape:
  """Draws one textured shape into its box; returns it with the corners that were really drawn."""
  mask = Image.new('L', image.size)
  draw = ImageDraw.Draw(mask)
  box = (shape.xmin, shape.ymin, shape.xmax - 1, shape.ymax - 1)
  if shape.label == 'circle':
    draw.ellipse(box, fill=255)
  else:
    draw.polygon(_corners(shape, rng), fill=255)
  hue = _HUES[shape.label] + rng.uniform(-0.14, 0.14)
  paint = Image.new('RGB', image.size, _colour(rng, hue, (0.55, 1.0), (0.55, 1.0)))
  _texture(paint, shape, _colour(rng, hue, (0.3, 1.0), (0.3, 1.0)), rng)
  image.paste(paint, mask=mask)
  drawn = mask.getbbox()
  if drawn is None:
    raise ValueError(f'{shape}: nothing was drawn')
  return Shape(shape.label, *drawn)


def _corners(shape: Shape, rng: random.Random) -> Sequence[tuple[float, float]]:
  """A square or an upward triangle, turned by up to 12 degrees and kept inside the shape's box."""
  if shape.label == 'square':
    unit = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
  else:
    unit = [(0.0, -0.5), (0.5, 0.5), (-0.5, 0.5)]
  angle = math.radians(rng.uniform(-12, 12))
  turned = [(x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)) for x, y in unit]
  spread = 2 * max(max(abs(x), abs(y)) for x, y in turned)
  wide, high = shape.xmax - shape.xmin - 1, shape.ymax - shape.ymin - 1
  return [(shape.xmin + (x / spread + 0.5) * wide, shape.ymin + (y / spread + 0.5) * high) for x, y in turned]


def _texture(paint: Image.Image, shape: Shape, colour: tuple[int, int, int], rng: random.Random) -> None:
  draw = ImageDraw.Draw(paint)
  kind = rng.choice(('plain', 'stripes', 'dots'))
  step = rng.randint(8, 18)
  for x in range(shape.xmin, shape.xmax, step):
    if kind == 'stripes':
      draw.line((x, shape.ymin, x, shape.ymax), fill=colour, width=step // 3)
    elif kind == 'dots':
      for y in range(shape.ymin, shape.ymax, step):
        draw.ellipse((x, y, x + step // 3, y + step // 3), fill=colour)


def _colour(
  rng: random.Random, hue: float, saturation: tuple[float, float], value: tuple[float, float]
) -> tuple[int, int, int]:
  red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, rng.uniform(*saturation), rng.uniform(*value))
  return round(255 * red), round(255 * green), round(255 * blue)


def voc_xml(filename: str, width: int, height: int, shapes: Sequence[Shape]) -> str:
  """One annotation as labelImg writes it: tabs, integer corners, no XML declaration."""
  objects = ''.join(
    f'\t<object>\n\t\t<name>{escape(s.label)}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n'
    f'\t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>{s.xmin}</xmin>\n\t\t\t<ymin>{s.ymin}</ymin>\n'
    f'\t\t\t<xmax>{s.xmax}</xmax>\n\t\t\t<ymax>{s.ymax}</ymax>\n\t\t</bndbox>\n\t</object>\n'
    for s in shapes
  )
  return (
    f'<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>{escape(filename)}</filename>\n'
    f'\t<path>{escape(filename)}</path>\n\t<source>\n\t\t<database>Unknown</database>\n\t</source>\n'
    f'\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n'
    f'\t<segmented>0</segmented>\n{objects}</annotation>\n'
  )
