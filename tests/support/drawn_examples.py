"""Examples artifacts of drawn discs and squares."""

import io

import numpy as np
import PIL.Image
import PIL.ImageDraw
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

LABELS = {'disc': 1, 'square': 2}


def picture(seed=0, size=96):
  """One disc on a plain ground, as an array."""
  example = drawn_example(np.random.default_rng(seed), size)
  encoded = example.features.feature['image/encoded'].bytes_list.value[0]
  return np.asarray(PIL.Image.open(io.BytesIO(encoded)))


def drawn_example(generator, size=96, side=(24, 48)):
  """A tf.Example with the keys the OD API's decoder reads: one disc or square on a plain ground."""
  image = PIL.Image.new('RGB', (size, size), tuple(int(c) for c in generator.integers(150, 255, 3)))
  length = int(generator.integers(*side))
  x, y = (int(v) for v in generator.integers(0, size - length, 2))
  name = list(LABELS)[int(generator.integers(2))]
  draw = PIL.ImageDraw.Draw(image)
  (draw.ellipse if name == 'disc' else draw.rectangle)((x, y, x + length, y + length), fill=(180, 30, 30))
  encoded = io.BytesIO()
  image.save(encoded, 'JPEG')
  corners = {'xmin': x, 'ymin': y, 'xmax': x + length, 'ymax': y + length}
  feature = {
    'image/encoded': tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded.getvalue()])),
    'image/format': tf.train.Feature(bytes_list=tf.train.BytesList(value=[b'jpeg'])),
    'image/source_id': tf.train.Feature(bytes_list=tf.train.BytesList(value=[f'{x}-{y}-{length}.jpg'.encode()])),
    'image/height': tf.train.Feature(int64_list=tf.train.Int64List(value=[size])),
    'image/width': tf.train.Feature(int64_list=tf.train.Int64List(value=[size])),
    'image/object/class/text': tf.train.Feature(bytes_list=tf.train.BytesList(value=[name.encode()])),
  }
  for key, pixels in corners.items():
    feature[f'image/object/bbox/{key}'] = tf.train.Feature(float_list=tf.train.FloatList(value=[pixels / size]))
  return tf.train.Example(features=tf.train.Features(feature=feature))


def write_examples(root, counts, seed=0):
  """An Examples artifact below `root` with one shard a split; `counts` is {split: images}."""
  generator = np.random.default_rng(seed)
  for split, count in counts.items():
    folder = root / f'Split-{split}'
    folder.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(folder / 'data_tfrecord-00000-of-00001')) as writer:
      for _ in range(count):
        writer.write(drawn_example(generator).SerializeToString())
  examples = standard_artifacts.Examples()
  examples.uri = str(root)
  examples.split_names = artifact_utils.encode_split_names(list(counts))
  return examples
