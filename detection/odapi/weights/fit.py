"""Which layer of a file belongs to which layer of a backbone: by name, then by shape. What does not fit is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from detection.base.errors import ConfigError
from detection.odapi import networks
from detection.odapi.networks import Network
from detection.odapi.weights import keras_config, targets
from detection.odapi.weights.layers import Layer, SavedNetwork
from detection.odapi.weights.targets import Target

_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class Match:
  """The layers of one backbone and what a file has for them.

  network: the row of the network that both are.
  saved: what was read.
  pairs: (target, layer of the file) of every layer that both have.
  named: {name as in tf.keras.applications: layer of the file}, those without a target too.
  unused: `layer/role` of what in the file has no place in the backbone.
  """

  network: Network
  saved: SavedNetwork
  pairs: Sequence[tuple[Target, Layer]]
  named: Mapping[str, Layer]
  unused: Sequence[str]


def match(saved: SavedNetwork, network: Network, backbone: Sequence[Target]) -> Match:
  """Matches layers by name.

  Args:
    saved: a file's weights.
    network: what the backbone is.
    backbone: its layers, see targets.of.

  Raises:
    ConfigError: if the file is of another network, or of the same one in another width or form.
  """
  names = {target.name for target in backbone}
  named = _best_group(saved, network, names)
  pairs = [(target, named[target.name]) for target in backbone if target.name in named]
  there = networks.recognize(output_channels(named))
  if 2 * len(pairs) < len(backbone) or (there and there.name != network.name):
    raise ConfigError(_another_network(saved, network, there))
  _refuse_other_shapes(saved, network, pairs, output_channels(named))
  taken = {id(layer) for _, layer in pairs}
  unused = [f'{layer.name}/{role}' for layer in saved.layers if id(layer) not in taken for role in layer.arrays]
  return Match(network, saved, pairs, named, [*unused, *saved.others])


def recognize(saved: SavedNetwork) -> tuple[Network, float]:
  """(network, its depth multiplier) of a file.

  Raises:
    ConfigError: if the file is of no network of the table.
  """
  found = ((networks.recognize(channels), channels) for channels in map(output_channels, _groups(saved).values()))
  for network, channels in found:
    if network is not None:
      return network, networks.multiplier(network, channels) or 1.0
  raise ConfigError(f'{saved.source}: {_contents(saved)}. Expected one of {", ".join(networks.NETWORKS)}.')


def output_channels(named: Mapping[str, Layer]) -> dict[str, int]:
  """{layer's name: number of its output channels}; 0 for layers without a kernel."""
  return {name: layer.arrays['kernel'].shape[-1] if 'kernel' in layer.arrays else 0 for name, layer in named.items()}


def is_cut(network: Network, name: str, here: Sequence[int], there: Sequence[int]) -> bool:
  """Whether a layer that no other follows has only the first of the file's output channels here."""
  return name in network.last and list(here[:-1]) == list(there[:-1]) and here[-1] < there[-1]


def _best_group(saved: SavedNetwork, network: Network, names: set[str]) -> dict[str, Layer]:
  """Of the models nested in one another in a file, the layers of the one that has the most of these names."""
  groups = _groups(saved, network).values()
  return max(groups, key=lambda group: len(names & group.keys()), default={})


def _groups(saved: SavedNetwork, network: Network | None = None) -> dict[str, dict[str, Layer]]:
  """{model around: {name as in tf.keras.applications: layer}}."""
  groups: dict[str, list[Layer]] = {}
  for layer in saved.layers:
    groups.setdefault(layer.parent, []).append(layer)
  given = _names_by_class(network) if saved.numbered and network else {}
  return {parent: _renamed(layers, given) for parent, layers in groups.items()}


def _renamed(layers: Sequence[Layer], given: Mapping[str, str]) -> dict[str, Layer]:
  numbers = given or networks.by_place(layer.name for layer in layers)
  return {numbers.get(layer.name, layer.name): layer for layer in layers}


def _names_by_class(network: Network) -> dict[str, str]:
  """{`depthwise_conv2d_1`: its name in tf.keras.applications}, as Keras counts classes in weights files."""
  layers = targets.keras_names(network.name)
  numbers = networks.by_place(name for _, name in layers)
  counts: dict[str, int] = {}
  found = {}
  for class_name, name in layers:
    base = keras_config.snake_case(class_name)
    number = counts[base] = counts.get(base, -1) + 1
    found[f'{base}_{number}' if number else base] = numbers.get(name, name)
  return found


def _refuse_other_shapes(
  saved: SavedNetwork, network: Network, pairs: Sequence[tuple[Target, Layer]], there: Mapping[str, int]
) -> None:
  here = {target.name: target.variables['kernel'].shape[-1] for target, _ in pairs if 'kernel' in target.variables}
  for target, layer in pairs:
    for role in target.variables.keys() & layer.arrays.keys():
      expected, received = target.variables[role].shape.as_list(), list(layer.arrays[role].shape)
      if expected != received and not is_cut(network, target.name, expected, received):
        widths = networks.multiplier(network, here), networks.multiplier(network, there)
        reason = f'depth multiplier {widths[0]} here, {widths[1]} in the file' if widths[0] != widths[1] else ''
        raise ConfigError(
          f'{saved.source}: {target.name}/{role}: shape {expected} here, {received} in the file'
          f'{f" ({reason})" if reason else ""}. Expected weights of the {network.name} of this base.'
        )


def _another_network(saved: SavedNetwork, network: Network, there: Network | None) -> str:
  contents = f'weights of {there.name}' if there and there.name != network.name else _contents(saved)
  return f'{saved.source}: {contents}. The backbone of this base is {network.name}.'


def _contents(saved: SavedNetwork) -> str:
  names = [layer.name for layer in saved.layers]
  more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
  return f'no known network; its layers are {", ".join(names[:_SHOWN])}{more}'
