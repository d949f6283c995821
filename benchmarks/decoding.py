"""What decoding costs: by Pillow, by TensorFlow's op, and handing Pillow's pixels to that op in a BMP.

    python -m benchmarks.decoding IMAGES [--images 200]

`predict` decodes an image twice: Pillow for drawing, the model's own op for detecting. The last two columns are what it
would do instead of the latter. CPU milliseconds an image; and how far the two decoders' pixels are apart.
"""

import argparse
import io
import os
import pathlib
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import numpy as np

from benchmarks.command import table


def main() -> None:
  import PIL.Image
  import tensorflow as tf

  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('folder', metavar='IMAGES', type=pathlib.Path)
  parser.add_argument('--images', type=int, default=200)
  args = parser.parse_args()
  seconds: dict[str, float] = {}
  apart: list[np.ndarray] = []

  def timed(what: str, function: Callable[[], Any]) -> Any:
    begun = time.process_time()
    found = function()
    seconds[what] = seconds.get(what, 0.0) + time.process_time() - begun
    return found

  def by_tensorflow(content: bytes) -> np.ndarray:
    return tf.io.decode_image(content, channels=3, expand_animations=False).numpy()

  paths = sorted(args.folder.iterdir())[: args.images]
  by_tensorflow(paths[0].read_bytes())
  for content in (path.read_bytes() for path in paths):
    image = timed('Pillow', lambda content=content: PIL.Image.open(io.BytesIO(content)).convert('RGB'))
    there = timed('TensorFlow', lambda content=content: by_tensorflow(content))
    bitmap = io.BytesIO()
    timed('writing BMP', lambda image=image, bitmap=bitmap: image.save(bitmap, 'BMP'))
    timed('reading BMP', lambda bitmap=bitmap: by_tensorflow(bitmap.getvalue()))
    apart.append(np.abs(there.astype(int) - np.asarray(image, int)))
  print('\n'.join(table(list(seconds), [[f'{1000 * spent / len(paths):.2f}' for spent in seconds.values()]])))
  most, mean = max(gaps.max() for gaps in apart), np.mean([gaps.mean() for gaps in apart])
  print(f'pixels: at most {most} of 255 apart, {mean:.2f} on average')


if __name__ == '__main__':
  main()
