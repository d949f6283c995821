"""Plants faults of one or more kinds into the labels of a drawn VOC folder, and remembers where."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from detection.sample_data import draw
from detection.sample_data.draw import Shape

_SIZE = re.compile(r'<width>(\d+)</width>\s*<height>(\d+)</height>')
_OBJECT = re.compile(
  r'<name>(.*?)</name>.*?<xmin>(\d+)</xmin>\s*<ymin>(\d+)</ymin>\s*<xmax>(\d+)</xmax>\s*<ymax>(\d+)</ymax>', re.DOTALL
)
MISPLACED_IOU = 0.3, 0.6


@dataclasses.dataclass
class Image:
  """The annotation of one drawn image.

  shapes: as labelled now. drawn: as they are in the picture.
  """

  file: Path
  width: int
  height: int
  shapes: list[Shape]
  drawn: list[Shape]

  @property
  def name(self) -> str:
    return f'JPEGImages/{self.file.stem}.jpg'


@dataclasses.dataclass(frozen=True)
class Planted:
  """One fault: the name of its image, and the box: the wrong one, or where one was taken away."""

  image: str
  box: tuple[float, float, float, float]


def read(data: Path) -> list[Image]:
  images = []
  for file in sorted((data / 'Annotations').iterdir()):
    text = file.read_text()
    size = _SIZE.search(text)
    if size is None:
      raise ValueError(f'{file}: no size')
    shapes = [Shape(name, *map(int, corners)) for name, *corners in _OBJECT.findall(text)]
    images.append(Image(file, int(size[1]), int(size[2]), shapes, list(shapes)))
  return images


def plant(data: Path, fraction: float, seed: int, kinds: Sequence[str]) -> dict[str, list[Planted]]:
  """Plants faults of each kind, as many as `fraction` of the boxes; no box has two.

  Returns:
    {kind: the planted ones}
  """
  rng = random.Random(seed)
  images = read(data)
  boxes = [(image, shape) for image in images for shape in image.shapes]
  rng.shuffle(boxes)
  count = round(fraction * len(boxes))
  planted: dict[str, list[Planted]] = {kind: [] for kind in kinds}
  for kind in kinds:
    while len(planted[kind]) < count:
      image, shape = boxes.pop()
      planted[kind] += _PLANT[kind](image, shape, rng)
  for image in images:
    image.file.write_text(draw.voc_xml(f'{image.file.stem}.jpg', image.width, image.height, image.shapes))
  return planted


def _swap(image: Image, shape: Shape, rng: random.Random) -> list[Planted]:
  other = rng.choice([name for name in draw.CLASSES if name != shape.label])
  image.shapes[image.shapes.index(shape)] = shape._replace(label=other)
  return [_at(image, shape)]


def _remove(image: Image, shape: Shape, _: random.Random) -> list[Planted]:
  image.shapes.remove(shape)
  return [_at(image, shape)]


def _add(image: Image, shape: Shape, rng: random.Random) -> list[Planted]:
  """A box of the size of another on background; none where there is no room."""
  wide, high = shape.xmax - shape.xmin, shape.ymax - shape.ymin
  for _ in range(50):
    x, y = rng.randint(1, image.width - wide - 1), rng.randint(1, image.height - high - 1)
    added = Shape(rng.choice(draw.CLASSES), x, y, x + wide, y + high)
    if all(iou(added, other) < 0.05 for other in image.drawn + image.shapes):
      image.shapes.append(added)
      return [_at(image, added)]
  return []


def _shift(image: Image, shape: Shape, rng: random.Random) -> list[Planted]:
  """The box moved and stretched, so that its IoU with the object is within MISPLACED_IOU; none where that fails."""
  wide, high = shape.xmax - shape.xmin, shape.ymax - shape.ymin
  for _ in range(200):
    xmin, xmax = (side + round(rng.uniform(-0.5, 0.5) * wide) for side in (shape.xmin, shape.xmax))
    ymin, ymax = (side + round(rng.uniform(-0.5, 0.5) * high) for side in (shape.ymin, shape.ymax))
    moved = Shape(shape.label, xmin, ymin, xmax, ymax)
    inside = 1 <= xmin < xmax <= image.width and 1 <= ymin < ymax <= image.height
    if inside and MISPLACED_IOU[0] <= iou(moved, shape) <= MISPLACED_IOU[1]:
      image.shapes[image.shapes.index(shape)] = moved
      return [_at(image, moved)]
  return []


_PLANT: dict[str, Callable[[Image, Shape, random.Random], list[Planted]]] = {
  'swapped': _swap,
  'missing': _remove,
  'superfluous': _add,
  'misplaced': _shift,
}


def iou(a: Shape, b: Shape) -> float:
  wide = max(0, min(a.xmax, b.xmax) - max(a.xmin, b.xmin))
  high = max(0, min(a.ymax, b.ymax) - max(a.ymin, b.ymin))
  areas = ((s.xmax - s.xmin) * (s.ymax - s.ymin) for s in (a, b))
  return wide * high / (sum(areas) - wide * high)


def _at(image: Image, shape: Shape) -> Planted:
  box = shape.ymin / image.height, shape.xmin / image.width, shape.ymax / image.height, shape.xmax / image.width
  return Planted(image.name, box)
