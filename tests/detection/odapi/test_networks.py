import pytest

from detection.odapi import families, networks
from detection.odapi.networks import NETWORKS


def test_every_extractor_names_a_network_of_the_table():
  named = {row.network for family in families.FAMILIES.values() for row in family.extractors.values()}
  assert named - {''} <= set(NETWORKS)


@pytest.mark.parametrize('network', NETWORKS)
def test_a_network_is_recognized_by_its_marks(network):
  row = NETWORKS[network]
  channels = dict.fromkeys(row.marks, 8)
  if row.width:
    channels[row.width[0]] = row.width[1]
  if network.startswith('EfficientNet'):
    channels['block1a_dwconv'] = 32
  assert networks.recognize(channels) is row
  assert networks.recognize({'dense': 3}) is None


def test_the_depth_multiplier_is_told_from_the_widest_layers():
  assert networks.multiplier(NETWORKS['MobileNetV2'], {'block_16_project': 112}) == 0.35
  assert networks.multiplier(NETWORKS['MobileNetV2'], {}) is None
  assert networks.multiplier(NETWORKS['ResNet50'], {'conv1_conv': 64}) is None


@pytest.mark.parametrize(
  ('name', 'expected'),
  [
    ('stack_0/block_0/depthwise_conv2d', 'block1a_dwconv'),
    ('stack_6/block_2/project_bn', 'block7c_project_bn'),
    ('stem_conv2d', 'stem_conv'),
    ('Conv1', 'Conv1'),
  ],
)
def test_efficientnets_layers_have_the_names_of_keras(name, expected):
  assert networks.keras_name(name) == expected


def test_layers_that_keras_only_numbers_are_counted_from_nought():
  found = networks.by_place(['conv2d_210', 'conv2d_203', 'freezable_batch_norm', 'batch_normalization_1', 'conv_7b'])
  assert found == {
    'conv2d_203': 'conv2d_0',
    'conv2d_210': 'conv2d_1',
    'freezable_batch_norm': 'batch_normalization_0',
    'batch_normalization_1': 'batch_normalization_1',
  }
