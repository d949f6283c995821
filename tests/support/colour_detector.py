"""A real, tiny detector of coloured rectangles, and tf.Examples of such images."""

import io
import os

import numpy as np
import PIL.Image

CLASSES = {'red': 1, 'blue': 2}
_PAINT = {'red': (230, 20, 20), 'blue': (20, 20, 230)}
LABEL_MAP = ''.join(f'item {{ id: {number} name: "{name}" }}\n' for name, number in CLASSES.items())


def picture(objects, size=(96, 64)):
  """An image with filled rectangles. objects: [(class name, (ymin, xmin, ymax, xmax) in pixels)]; size: (w, h)."""
  pixels = np.full((size[1], size[0], 3), 128, np.uint8)
  for name, (ymin, xmin, ymax, xmax) in objects:
    pixels[ymin:ymax, xmin:xmax] = _PAINT[name]
  return pixels


def png(pixels):
  """PNG bytes of an array."""
  buffer = io.BytesIO()
  PIL.Image.fromarray(pixels).save(buffer, 'PNG')
  return buffer.getvalue()


def example(name, objects, size=(96, 64), difficult=()):
  """A serialized tf.Example as the OD API's decoder reads it."""
  import tensorflow as tf

  def feature(kind, values):
    lists = {'bytes': tf.train.BytesList, 'int64': tf.train.Int64List, 'float': tf.train.FloatList}
    return tf.train.Feature(**{f'{kind}_list': lists[kind](value=values)})

  features = {
    'image/encoded': feature('bytes', [png(picture(objects, size))]),
    'image/format': feature('bytes', [b'png']),
    'image/filename': feature('bytes', [name.encode()]),
    'image/source_id': feature('bytes', [name.encode()]),
    'image/width': feature('int64', [size[0]]),
    'image/height': feature('int64', [size[1]]),
    'image/object/class/text': feature('bytes', [text.encode() for text, _ in objects]),
    'image/object/difficult': feature('int64', [int(i in difficult) for i in range(len(objects))]),
  }
  for index, side in enumerate(('ymin', 'xmin', 'ymax', 'xmax')):
    scale = size[1 - index % 2]
    features[f'image/object/bbox/{side}'] = feature('float', [box[index] / scale for _, box in objects])
  return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def save_colour_model(folder, confidence=0.9, blind_to=()):
  """Saves a SavedModel with the trainer's three signatures: one box around all pixels of each class's colour.

  confidence: the score of what it finds. blind_to: class names that it never finds.
  """
  import tensorflow as tf

  seen = tf.constant([float(name not in blind_to) for name in CLASSES])

  def detect(images):
    both = tf.float32, tf.float32
    boxes, found = tf.map_fn(lambda image: _boxes_of_colours(_decoded(image)), images, fn_output_signature=both)
    count = tf.shape(boxes)[0]
    return {
      'detection_boxes': boxes * seen[:, None],
      'detection_scores': confidence * found * seen,
      'detection_classes': tf.tile(tf.constant([[float(i) for i in CLASSES.values()]]), [count, 1]),
      'num_detections': tf.fill([count], float(len(CLASSES))),
    }

  def detect_in_examples(examples):
    feature = {'image/encoded': tf.io.FixedLenFeature([], tf.string)}
    return detect(tf.io.parse_example(examples, feature)['image/encoded'])

  inputs = {
    'serving_default': (detect, tf.TensorSpec([None, None, None, 3], tf.uint8, name='input_tensor')),
    'image_bytes': (detect, tf.TensorSpec([None], tf.string, name='image_bytes')),
    'tf_example': (detect_in_examples, tf.TensorSpec([None], tf.string, name='tf_example')),
  }
  signatures = {
    name: tf.function(lambda batch, run=function: run(batch)).get_concrete_function(spec)
    for name, (function, spec) in inputs.items()
  }
  tf.saved_model.save(tf.Module(), os.fspath(folder), signatures)


def _decoded(image):
  """The image uint8 [H, W, 3], whether it comes as pixels or as encoded bytes."""
  import tensorflow as tf

  if image.dtype == tf.string:
    image = tf.io.decode_image(image, channels=3, expand_animations=False)
    image.set_shape([None, None, 3])
  return image


def _boxes_of_colours(image):
  """(boxes [C, 4] around the pixels of each class's colour, zeros if there are none; [C], 1 if there are, else 0)."""
  import tensorflow as tf

  paint = tf.constant([_PAINT[name] for name in CLASSES], tf.float32)
  near = tf.reduce_max(tf.abs(tf.cast(image, tf.float32)[..., None, :] - paint), axis=-1) < 60
  size = tf.cast(tf.shape(near)[:2], tf.float32)
  corners = []
  for axis in (0, 1):
    line = tf.reduce_any(near, axis=1 - axis)
    places = tf.range(tf.shape(line)[0])[:, None]
    low = tf.reduce_min(tf.where(line, places, tf.shape(line)[0]), axis=0)
    high = tf.reduce_max(tf.where(line, places + 1, 0), axis=0)
    corners.append((tf.cast(low, tf.float32) / size[axis], tf.cast(high, tf.float32) / size[axis]))
  found = tf.cast(tf.reduce_any(near, axis=(0, 1)), tf.float32)
  return tf.stack([corners[0][0], corners[1][0], corners[0][1], corners[1][1]], axis=1) * found[:, None], found


def save_model_artifact(folder, **options):
  """A trainer's `model` folder: Format-Serving, label map and pipeline.config beside it."""
  save_colour_model(folder / 'Format-Serving', **options)
  (folder / 'label_map.pbtxt').write_text(LABEL_MAP)
  (folder / 'pipeline.config').write_text('model { ssd { num_classes: 2 } }\n')
  return folder
