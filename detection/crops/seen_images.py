"""Whole images as a detector and a backbone see them: what is found in them, and their features."""

from __future__ import annotations

import dataclasses
import io
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import PIL.Image
import PIL.ImageOps
import tensorflow as tf

from detection.base.errors import DataError
from detection.base.progress import Progress, write_line
from detection.crops.features import Backbone
from detection.detections import Detections
from detection.inference import images
from detection.inference.detector import Detector
from detection.odapi.model.preparation import decode

_Item = tuple[str, bytes, tuple[int, int]]  # path, content, (width, height)


@dataclasses.dataclass(frozen=True)
class SeenImages:
  """N images that could be read.

  paths: of their files [N]. sizes: (width, height) of each, upright, in pixels. detections: what was found in each.
  features: float32 [N, D], of the backbone. left_out: a sentence for each image that could not be read.
  mirrored: what was found in each one's mirror image, its boxes mirrored back; empty if nobody asked.
  """

  paths: Sequence[str]
  sizes: Sequence[tuple[int, int]]
  detections: Sequence[Detections]
  features: np.ndarray
  left_out: Sequence[str] = ()
  mirrored: Sequence[Detections] = ()

  def __len__(self) -> int:
    return len(self.paths)


def see(paths: Sequence[str], detector: Detector, backbone: Backbone, mirror: bool = False) -> SeenImages:
  """Looks at image files, a batch at a time; those that cannot be read are named and left out.

  mirror: whether the detector looks at their mirror images too.
  """
  left_out: list[str] = []
  with Progress(len(paths), 'image', out=sys.stderr) as progress:
    return _look(_readable(paths, left_out), detector, backbone, mirror, left_out, progress.advance)


def see_encoded(contents: Iterable[bytes], detector: Detector, backbone: Backbone) -> SeenImages:
  """Looks at images, JPEG or PNG bytes, that can be read; `paths` are their numbers, `sizes` are 0."""
  items = ((str(number), content, (0, 0)) for number, content in enumerate(contents))
  return _look(items, detector, backbone, False, [], lambda: None)


def _look(
  readable: Iterator[_Item],
  detector: Detector,
  backbone: Backbone,
  mirror: bool,
  left_out: Sequence[str],
  advance: Callable[[], None],
) -> SeenImages:
  seen: list[tuple[str, tuple[int, int], Detections]] = []
  features: list[np.ndarray] = []
  mirrored: list[Detections] = []
  while batch := list(itertools.islice(readable, detector.batch_size)):
    contents = [content for _, content, _ in batch]
    if mirror:
      mirrored += _in_the_mirror(contents, detector)
    found = detector.detect_encoded(contents)
    seen += [(path, size, one) for (path, _, size), one in zip(batch, found, strict=True)]
    features.append(embed(contents, backbone))
    for _ in batch:
      advance()
  names, sizes, detections = zip(*seen, strict=True) if seen else ((), (), ())
  joined = np.concatenate(features) if features else np.zeros((0, 0), np.float32)
  return SeenImages(names, sizes, detections, joined, left_out, mirrored)


def embed(encoded: Sequence[bytes], backbone: Backbone) -> np.ndarray:
  """Features, float32 [N, D], of whole images, given as JPEG or PNG bytes."""
  size = int(backbone.size)
  resized = [tf.image.resize(decode(tf.constant(content)), (size, size), antialias=True) for content in encoded]
  return backbone.embed(tf.stack(resized)).numpy()


def _in_the_mirror(encoded: Sequence[bytes], detector: Detector) -> list[Detections]:
  turned = []
  for content in encoded:
    with PIL.Image.open(io.BytesIO(content)) as image:
      turned.append(PIL.ImageOps.mirror(image))
  return [_turned_back(found) for found in detector.detect(turned)]


def _turned_back(found: Detections) -> Detections:
  ymin, xmin, ymax, xmax = found.boxes.T
  return dataclasses.replace(found, boxes=np.stack([ymin, 1 - xmax, ymax, 1 - xmin], axis=1))


def _readable(paths: Sequence[str], left_out: list[str]) -> Iterator[_Item]:
  for path in paths:
    try:
      content, image = images.load(path)
    except DataError as error:
      left_out.append(str(error))
      write_line(f'left out: {error}', sys.stderr)
    else:
      yield path, content, image.size
