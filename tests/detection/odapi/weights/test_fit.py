"""Layers are matched by name and shape; what does not fit is refused by name, in one line."""

import numpy as np
import pytest

from detection.base.errors import ConfigError
from detection.odapi.networks import NETWORKS
from detection.odapi.weights import fit, targets
from detection.odapi.weights.layers import Layer, SavedNetwork


@pytest.fixture(scope='module')
def backbone():
  return targets.of(targets.keras_network('MobileNetV2', 0.35))


def saved_of(backbone, **changed):
  layers = [
    Layer(t.name, '', changed.get(t.name, {role: v.numpy() for role, v in t.variables.items()})) for t in backbone
  ]
  return SavedNetwork('net.h5', [layer for layer in layers if layer.arrays])


def refusal(saved, network, backbone):
  with pytest.raises(ConfigError) as caught:
    fit.match(saved, NETWORKS[network], backbone)
  assert '\n' not in str(caught.value)
  return str(caught.value)


def test_every_layer_finds_its_own_and_the_classifier_is_listed(backbone):
  saved = saved_of(backbone)
  saved = SavedNetwork('net.h5', [*saved.layers, Layer('dense', '', {'kernel': np.zeros((2, 3))})])
  match = fit.match(saved, NETWORKS['MobileNetV2'], backbone)
  assert len(match.pairs) == len(backbone)
  assert match.unused == ['dense/kernel']


def test_of_two_nested_models_the_one_that_fits_is_taken(backbone):
  saved = saved_of(backbone)
  outer = [Layer('Conv1', 'other', {'kernel': np.zeros((1, 1, 1, 1))})]
  inner = [Layer(layer.name, 'net', layer.arrays) for layer in saved.layers]
  match = fit.match(SavedNetwork('net.h5', outer + inner), NETWORKS['MobileNetV2'], backbone)
  assert len(match.pairs) == len(backbone)
  assert match.unused == ['Conv1/kernel']


def test_another_width_is_named_by_its_multiplier(backbone):
  wide = saved_of(targets.of(targets.keras_network('MobileNetV2', 0.5)))
  assert 'depth multiplier 0.35 here, 0.5 in the file' in refusal(wide, 'MobileNetV2', backbone)


def test_another_shape_in_the_right_network_is_named(backbone):
  saved = saved_of(backbone, block_5_expand={'kernel': np.zeros((1, 1, 16, 97))})
  assert 'net.h5: block_5_expand/kernel: shape [1, 1, 16, 96] here, [1, 1, 16, 97] in the file' in refusal(
    saved, 'MobileNetV2', backbone
  )


def test_another_known_network_is_named(backbone):
  saved = saved_of(targets.of(targets.keras_network('MobileNet', 0.25)))
  assert refusal(saved, 'MobileNetV2', backbone) == (
    'net.h5: weights of MobileNet. The backbone of this base is MobileNetV2.'
  )


def test_a_network_that_is_not_known_is_named_by_its_layers(backbone):
  saved = SavedNetwork('net.h5', [Layer(f'block{n}_conv1', '', {'kernel': np.zeros((3, 3, 3, 4))}) for n in range(5)])
  assert 'its layers are block0_conv1, block1_conv1, block2_conv1 and 2 more' in refusal(saved, 'MobileNetV2', backbone)
  with pytest.raises(ConfigError, match='Expected one of MobileNet, MobileNetV2'):
    fit.recognize(saved)


def test_a_file_says_which_network_it_is(backbone):
  network, multiplier = fit.recognize(saved_of(backbone))
  assert (network.name, multiplier) == ('MobileNetV2', 0.35)


def test_the_last_layer_may_have_fewer_channels_than_the_file():
  v2 = NETWORKS['MobileNetV2']
  assert fit.is_cut(v2, 'Conv_1', [1, 1, 112, 448], [1, 1, 112, 1280])
  assert not fit.is_cut(v2, 'Conv_1', [1, 1, 112, 1280], [1, 1, 112, 448])
  assert not fit.is_cut(v2, 'block_1_expand', [1, 1, 8, 48], [1, 1, 8, 96])
