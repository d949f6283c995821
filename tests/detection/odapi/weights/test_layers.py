import numpy as np
import pytest

from detection.odapi.weights import layers

VECTOR = np.zeros(4)


@pytest.mark.parametrize(
  ('arrays', 'roles'),
  [
    ([np.zeros((3, 3, 3, 4))], ['kernel']),
    ([np.zeros((3, 3, 3, 4)), VECTOR], ['kernel', 'bias']),
    ([VECTOR] * 3, ['beta', 'moving_mean', 'moving_variance']),
    ([VECTOR, VECTOR, np.asarray(7)], ['mean', 'variance', 'count']),
    ([VECTOR] * 4, ['gamma', 'beta', 'moving_mean', 'moving_variance']),
    ([VECTOR] * 7, []),
  ],
)
def test_arrays_without_names_have_their_roles_from_keras_order(arrays, roles):
  assert list(layers.by_order(arrays)) == roles


def test_weights_are_gathered_by_layer_and_by_the_model_around_it():
  found = layers.from_names(
    [
      ('', 'net/Conv1/kernel:0', VECTOR),
      ('', 'net/Conv1/bias:0', VECTOR),
      ('outer', 'Conv1/depthwise_kernel', VECTOR),
      ('', 'net/Conv1/momentum', VECTOR),
    ]
  )
  assert [(layer.parent, layer.name, list(layer.arrays)) for layer in found] == [
    ('net', 'Conv1', ['kernel', 'bias']),
    ('outer', 'Conv1', ['kernel']),
  ]
