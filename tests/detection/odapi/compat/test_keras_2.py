import tensorflow as tf
from tfx import v1  # noqa: F401 - uses tf.keras as it is imported


def test_keras_is_keras_2_also_where_tfx_is_imported_first():
  # keras.src.engine or tf_keras.src.engine; Keras 3 has none.
  assert '.src.engine.' in tf.keras.layers.Layer.__module__
