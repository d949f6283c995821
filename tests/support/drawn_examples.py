"""Examples artifacts of drawn discs and squares."""

import io

import numpy as np
import PIL.Image
import PIL.ImageDraw
from tfx.types import artifact_utils, standard_artifacts

from detection import records

LABELS = {'disc': 1, 'square': 2}


def picture(seed=0, size=96):
  """One disc or square on a plain ground, as an array."""
  image = drawn_image(np.random.default_rng(seed), size)
  return np.asarray(PIL.Image.open(io.BytesIO(image.encoded)))


def drawn_image(generator, size=96, side=(24, 48)):
  """A square image with one disc or square on a plain ground, labelled; `side` bounds the object's, in pixels."""
  image = PIL.Image.new('RGB', (size, size), tuple(int(c) for c in generator.integers(150, 255, 3)))
  length = int(generator.integers(*side))
  x, y = (int(v) for v in generator.integers(0, size - length, 2))
  name = list(LABELS)[int(generator.integers(2))]
  draw = PIL.ImageDraw.Draw(image)
  (draw.ellipse if name == 'disc' else draw.rectangle)((x, y, x + length, y + length), fill=(180, 30, 30))
  encoded = io.BytesIO()
  image.save(encoded, 'JPEG')
  ymin, xmin, ymax, xmax = (np.float32(pixels / size).item() for pixels in (y, x, y + length, x + length))
  return records.LabelledImage(
    encoded=encoded.getvalue(),
    format='jpeg',
    height=size,
    width=size,
    name=f'{x}-{y}-{length}.jpg',
    boxes=[records.LabelledBox(name, ymin, xmin, ymax, xmax)],
  )


def write_examples(root, counts, seed=0):
  """An Examples artifact below `root` with one shard a split; `counts` is {split: images}."""
  generator = np.random.default_rng(seed)
  for split, count in counts.items():
    folder = root / f'Split-{split}'
    folder.mkdir(parents=True)
    with open(folder / 'data_tfrecord-00000-of-00001', 'wb') as file:
      for _ in range(count):
        records.write(file, records.serialize(drawn_image(generator)))
  examples = standard_artifacts.Examples()
  examples.uri = str(root)
  examples.split_names = artifact_utils.encode_split_names(list(counts))
  return examples
