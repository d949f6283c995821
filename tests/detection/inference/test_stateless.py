"""Signatures that need no variables, loaded without TensorFlow's loader; what does need some is left to it."""

import numpy as np
import pytest
import tensorflow as tf

from detection.inference import saved_model, stateless
from detection.inference.saved_model import SavedModel
from tests.support.colour_detector import png

IMAGES = [tf.TensorSpec([None, None, None, 3], tf.uint8, name='input_tensor')]


def test_the_outputs_are_those_that_tensorflows_loader_gives(colour_model, draw, monkeypatch):
  folder = str(colour_model / 'Format-Serving')
  images = np.stack([draw([('red', (10, 20, 34, 52))]), draw([('blue', (0, 0, 9, 9))])])
  expected = tf.saved_model.load(folder).signatures['serving_default'](input_tensor=tf.constant(images))

  def refuse(folder):
    raise AssertionError(f'{folder} was loaded by TensorFlow')

  monkeypatch.setattr(saved_model, 'load', refuse)
  model = SavedModel(folder)
  for found in (model.detect_pixels(images), model.detect_encoded([png(image) for image in images])):
    for name, value in found.items():
      np.testing.assert_array_equal(value, expected[name])


class Scaled(tf.Module):
  """Needs a variable, or a table."""

  def __init__(self):
    self.factor = tf.Variable(2.0)
    keys = tf.lookup.KeyValueTensorInitializer(['a'], [3.0])
    self.table = tf.lookup.StaticHashTable(keys, 0.0)

  @tf.function(input_signature=IMAGES)
  def by_variable(self, images):
    return {'sum': self.factor * tf.reduce_sum(tf.cast(images, tf.float32))}

  @tf.function(input_signature=IMAGES)
  def by_table(self, images):
    return {'sum': self.table.lookup(tf.constant('a')) * tf.reduce_sum(tf.cast(images, tf.float32))}

  @tf.function(input_signature=IMAGES)
  def by_constant(self, images):
    return {'sum': tf.reduce_sum(tf.cast(images, tf.float32))}


def test_a_signature_with_a_variable_or_a_table_is_not_for_it_and_its_neighbour_is(tmp_path):
  module = Scaled()
  signatures = {name: getattr(module, name) for name in ('by_variable', 'by_table', 'by_constant')}
  tf.saved_model.save(module, str(tmp_path), signatures=signatures)
  assert stateless.load(str(tmp_path), ['by_variable']) is None
  assert stateless.load(str(tmp_path), ['by_table', 'by_constant']) is None
  functions = stateless.load(str(tmp_path), ['by_constant', 'not_there'])
  assert list(functions) == ['by_constant']
  assert functions['by_constant'](np.ones([1, 2, 2, 3], np.uint8))['sum'].numpy() == 12
  assert stateless.load(str(tmp_path), ['not_there']) is None


@pytest.mark.parametrize('content', [None, b'', b'no graph'])
def test_a_file_that_is_no_model_is_left_to_tensorflow(tmp_path, content):
  if content is not None:
    (tmp_path / 'saved_model.pb').write_bytes(content)
  assert stateless.load(str(tmp_path), ['serving_default']) is None
