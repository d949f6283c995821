import pytest

from detection.base.errors import ConfigError
from detection.odapi.weights import keras_config

INNER = {
  'class_name': 'Functional',
  'config': {
    'name': 'net',
    'layers': [
      {'class_name': 'Conv2D', 'config': {'name': 'first'}},
      {'class_name': 'BatchNormalization', 'config': {'name': 'first_bn', 'epsilon': 0.01}},
      {'class_name': 'Conv2D', 'config': {'name': 'second'}},
      {'class_name': 'Rescaling', 'config': {'name': 'scaled', 'scale': [2.0, 2.0, 4.0]}},
    ],
  },
}
MODEL = {'class_name': 'Sequential', 'config': {'name': 'outer', 'layers': [INNER]}}


def test_a_layers_place_in_a_weights_file_is_its_class_counted_within_its_model():
  found = list(keras_config.paths(MODEL))
  assert found[0] == ('layers/functional', 'net', '')
  assert ('layers/functional/layers/conv2d_1', 'second', 'net') in found


def test_epsilons_and_the_inputs_scale_are_found_in_nested_models():
  assert keras_config.epsilons(MODEL) == {'first_bn': 0.01}
  assert keras_config.input_scale(MODEL) == [2.0, 2.0, 4.0]
  assert keras_config.input_scale({'config': {'layers': []}}) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(('name', 'expected'), [('DepthwiseConv2D', 'depthwise_conv2d'), ('Conv2D', 'conv2d')])
def test_names_of_classes_become_names_of_groups_as_in_keras(name, expected):
  assert keras_config.snake_case(name) == expected


@pytest.mark.parametrize('text', ['', '{', '[1]'])
def test_what_describes_no_model_is_refused(text):
  with pytest.raises(ConfigError, match=r'net\.h5: its description of the model'):
    keras_config.parse(text, 'net.h5')
