import tensorflow as tf
import tfx.components  # noqa: F401 - uses tf.keras as it is imported; tfx.v1 would bring Google's AI Platform, 6 s


def test_keras_is_keras_2_also_where_tfx_is_imported_first():
  # keras.src.engine or tf_keras.src.engine; Keras 3 has none.
  assert '.src.engine.' in tf.keras.layers.Layer.__module__
