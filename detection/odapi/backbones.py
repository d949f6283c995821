"""The classification network that is a config's backbone: which weights of other people fit."""

from __future__ import annotations

import dataclasses

from detection.base.errors import ConfigError
from detection.odapi import families, networks
from detection.odapi.config.config_io import Config
from detection.odapi.networks import Network
from detection.odapi.protos import hyperparams_pb2


@dataclasses.dataclass(frozen=True)
class Backbone:
  """network: its row; multiplier: its depth multiplier; bgr: whether it is given blue, green, red."""

  network: Network
  multiplier: float
  bgr: bool


def of(config: Config) -> Backbone:
  """The backbone of a config's model.

  Raises:
    ConfigError: if it is none of networks.NETWORKS.
  """
  row = families.extractor(config)
  if row is None or not row.network:
    raise ConfigError(
      f'model.checkpoint: the backbone {families.extractor_type(config)} takes no published weights. Expected a base '
      f'with one of {", ".join(networks.NETWORKS)}.'
    )
  extractor = families.body(config).feature_extractor
  multiplier = round(float(getattr(extractor, 'depth_multiplier', 1.0)), 3)
  return Backbone(networks.NETWORKS[row.network], multiplier, row.bgr)


def take_published_weights(config: Config) -> None:
  """Changes in place what would let the weights of a published network not fit, or see other images than they did.

  A least depth above 8 makes narrow layers wider than the network's. The zoo's SSD ResNets limit activations to 6,
  which the published ResNets do not. CenterNet normalizes as the network itself does,
  after whatever the config says.
  """
  extractor = families.body(config).feature_extractor
  network = of(config).network
  if len(network.files) > 1 and getattr(extractor, 'min_depth', 0) > networks.LEAST_DEPTH:
    extractor.min_depth = networks.LEAST_DEPTH
  if network.activation and getattr(extractor, 'override_base_feature_extractor_hyperparams', False):
    extractor.conv_hyperparams.activation = hyperparams_pb2.Hyperparams.Activation.Value(network.activation)
  if config.model.WhichOneof('model') == 'center_net':
    for field in ('channel_means', 'channel_stds', 'bgr_ordering'):
      extractor.ClearField(field)
