import tensorflow as tf

from detection.odapi.weights import targets


def test_the_layers_with_weights_come_in_the_networks_order_with_their_roles():
  found = targets.of(targets.keras_network('MobileNetV2', 0.35))
  assert sum(len(target.variables) for target in found) == 260
  assert (found[0].name, list(found[0].variables)) == ('Conv1', ['kernel'])
  assert (found[1].name, list(found[1].variables)) == ('bn_Conv1', ['gamma', 'beta', 'moving_mean', 'moving_variance'])
  assert abs(found[1].epsilon - 1e-3) < 1e-9
  assert list(found[2].variables) == ['kernel']  # of a depthwise convolution


def test_layers_of_nested_models_count_and_classifiers_do_not():
  inner = tf.keras.Sequential([tf.keras.layers.Conv2D(4, 3, name='inside')])
  outer = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), inner, tf.keras.layers.Flatten(), tf.keras.layers.Dense(2)])
  assert [target.name for target in targets.of(outer)] == ['inside']


def test_the_classes_and_names_are_those_of_keras():
  assert targets.keras_names('MobileNetV2')[:3] == [
    ('Conv2D', 'Conv1'),
    ('BatchNormalization', 'bn_Conv1'),
    ('DepthwiseConv2D', 'expanded_conv_depthwise'),
  ]


def test_a_normalization_takes_up_its_new_variables():
  network = tf.keras.Sequential([tf.keras.Input((1, 1, 1)), tf.keras.layers.Normalization(name='normalization')])
  network.variables[0].assign([4.0])
  targets.finalize(network)
  assert network(tf.fill([1, 1, 1, 1], 5.0)).numpy().item() == 1.0
