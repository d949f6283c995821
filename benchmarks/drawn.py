"""Drawn images as the examples that the trainer and the evaluator read, for benchmarks that train."""

import io
import random
from pathlib import Path
from typing import Any

from components.voc_example_gen import tf_example
from pipeline import sample_data
from pipeline.sample_domains import DOMAINS

LABELS = {name: number for number, name in enumerate(sample_data.CLASSES, start=1)}
SIZE = (240, 180)


def write(path: Path, count: int, seed: int, domain: str = 'plain') -> str:
  """Draws `count` images into one TFRecord file; returns its path."""
  path.parent.mkdir(parents=True, exist_ok=True)
  with path.open('wb') as file:
    for number in range(count):
      image, shapes = sample_data.draw(SIZE, random.Random(f'{seed}/{number}'), DOMAINS[domain])
      tf_example.write_record(file, example(image, shapes, f'drawn-{number:04}'))
  return str(path)


def example(image: Any, shapes: list[sample_data.Shape], name: str = 'drawn') -> bytes:
  """A serialized tf.Example of a Pillow image and the shapes in it."""
  encoded = io.BytesIO()
  image.save(encoded, 'JPEG', quality=90)
  width, height = image.size
  features = {
    'image/encoded': ('bytes', [encoded.getvalue()]),
    'image/format': ('bytes', [b'jpeg']),
    'image/source_id': ('bytes', [name.encode()]),
    'image/height': ('int64', [height]),
    'image/width': ('int64', [width]),
    'image/object/class/text': ('bytes', [shape.label.encode() for shape in shapes]),
  }
  for axis, size in (('x', width), ('y', height)):
    for end in ('min', 'max'):
      corners = [getattr(shape, f'{axis}{end}') / size for shape in shapes]
      features[f'image/object/bbox/{axis}{end}'] = ('float', corners)
  return tf_example.serialize(features)
