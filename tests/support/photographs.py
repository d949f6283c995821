"""Images to compare features on: real photographs where they are present, else drawn ones."""

import numpy as np
import PIL.Image

from tests.support import shared_data


def batch(size, number=2):
  """float32 [number, size, size, 3] in 0..255."""
  files = sorted((shared_data.RACCOON / 'images').glob('*.jpg'))[:number]
  if len(files) == number:
    images = [PIL.Image.open(file).convert('RGB').resize((size, size)) for file in files]
    return np.stack([np.asarray(image, np.float32) for image in images])
  noise = np.random.default_rng(0).uniform(0, 255, (number, size // 8 + 1, size // 8 + 1, 3))
  return np.repeat(np.repeat(noise, 8, axis=1), 8, axis=2)[:, :size, :size].astype(np.float32)
