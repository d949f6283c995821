"""Every layout of HDF5 that Keras writes gives the same layers with the same arrays."""

import h5py
import numpy as np
import pytest

from detection.base.errors import ConfigError
from detection.odapi import networks
from detection.odapi.weights import fit, read, targets
from tests.support import keras_networks

NETWORK = networks.NETWORKS['MobileNetV2']


@pytest.fixture(scope='module')
def network():
  return keras_networks.random_network('MobileNetV2', 0.35)


@pytest.fixture(scope='module')
def models(network):
  return {
    'no top': network,
    'nested': keras_networks.with_top(network, nested=True),
    'flat': keras_networks.with_top(network, nested=False),
  }


def assert_same_weights(network, saved):
  match = fit.match(saved, NETWORK, targets.of(network))
  count = 0
  for target, layer in match.pairs:
    for role, variable in target.variables.items():
      np.testing.assert_array_equal(layer.arrays[role], variable.numpy())
      count += 1
  assert count == len(network.variables) == 260


def assert_a_file_gives_every_variable(kind, model, network, folder):
  write, name = keras_networks.KERAS_FILES[kind]
  path = str(folder / name)
  write(model, path)
  saved = read.read(path)
  assert_same_weights(network, saved)
  heads = [layer.name for layer in saved.layers if layer.name.startswith(('dense', 'predictions'))]
  assert len(heads) == (model is not network)


# A SavedModel: test_keras_saved_model.py. Every kind, without a top, to the features: benchmarks.backbone_features.
@pytest.mark.slow
@pytest.mark.parametrize('kind', [kind for kind in keras_networks.KERAS_FILES if kind != 'SavedModel'])
def test_every_file_gives_every_variable_of_a_network_nested_in_another_model(kind, models, network, tmp_path):
  assert_a_file_gives_every_variable(kind, models['nested'], network, tmp_path)


@pytest.mark.parametrize(
  ('kind', 'form'),
  [  # one file of each layout
    ('keras 2 weights', 'no top'),
    ('keras 3 .h5', 'flat'),
    ('keras 2 .weights.h5', 'flat'),
    ('keras 3 .keras', 'no top'),
  ],
)
def test_a_network_need_not_be_nested_nor_have_a_top(kind, form, models, network, tmp_path):
  assert_a_file_gives_every_variable(kind, models[form], network, tmp_path)


def test_the_epsilon_and_the_scale_of_the_input_are_read_from_the_models_description(models, tmp_path):
  keras_networks.keras3_h5(models['nested'], tmp_path / 'model.h5')
  saved = read.read(str(tmp_path / 'model.h5'))
  assert saved.epsilons['bn_Conv1'] == pytest.approx(1e-3)
  assert saved.input_scale == [1.0, 1.0, 1.0]


def test_what_is_no_model_is_refused(tmp_path):
  with h5py.File(tmp_path / 'table.h5', 'w') as file:
    file['numbers'] = np.arange(9)
  with pytest.raises(ConfigError, match=r'table\.h5: an HDF5 file, but no Keras model'):
    read.read(str(tmp_path / 'table.h5'))


def test_a_truncated_file_is_refused(network, tmp_path):
  keras_networks.keras2_weights_h5(network, tmp_path / 'whole.h5')
  content = (tmp_path / 'whole.h5').read_bytes()
  (tmp_path / 'cut.h5').write_bytes(content[: len(content) // 2])
  with pytest.raises(ConfigError, match=r'cut\.h5: not a whole HDF5 file') as caught:
    read.read(str(tmp_path / 'cut.h5'))
  assert '\n' not in str(caught.value)


def test_a_weight_that_lies_in_another_file_is_not_read(network, tmp_path):
  keras_networks.keras2_weights_h5(network, tmp_path / 'net.h5')
  (tmp_path / 'secret').write_bytes(b'x' * 64)
  with h5py.File(tmp_path / 'net.h5', 'a') as file:
    group = file['Conv1']
    name = group.attrs['weight_names'][0]
    del group[name]
    group.create_dataset(name, shape=(16,), dtype='f4', external=[(str(tmp_path / 'secret'), 0, 64)])
  with pytest.raises(ConfigError, match='a weight that is not in the file itself'):
    read.read(str(tmp_path / 'net.h5'))
