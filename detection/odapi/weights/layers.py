"""What all readers give: the layers of a saved network, with their arrays by role."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

Array = np.ndarray

# {name that Keras or slim gives a weight: its role}. Keras 3 calls a depthwise kernel `kernel` too.
ROLES = {
  'kernel': 'kernel',
  'depthwise_kernel': 'kernel',
  'weights': 'kernel',
  'depthwise_weights': 'kernel',
  'bias': 'bias',
  'biases': 'bias',
  'gamma': 'gamma',
  'beta': 'beta',
  'moving_mean': 'moving_mean',
  'moving_variance': 'moving_variance',
  'mean': 'mean',
  'variance': 'variance',
  'count': 'count',
}
_BY_NUMBER = {
  1: ('kernel',),
  2: ('kernel', 'bias'),
  3: ('beta', 'moving_mean', 'moving_variance'),
  4: ('gamma', 'beta', 'moving_mean', 'moving_variance'),
}
_NORMALIZATION = ('mean', 'variance', 'count')


@dataclasses.dataclass(frozen=True)
class Layer:
  """One layer with weights.

  name: as the network names it: `Conv1`, `conv2_block1_1_bn`.
  parent: the model around it, if it is nested in another; tells two networks in one file apart.
  arrays: {role: array}, a role being a value of ROLES.
  """

  name: str
  parent: str
  arrays: Mapping[str, Array]


@dataclasses.dataclass(frozen=True)
class SavedNetwork:
  """The weights of one file.

  source: the file, for messages.
  layers: those with weights.
  epsilons: {layer name: epsilon of its batch norm}, where the file says it.
  input_scale: what the network multiplies its normalized input by, where the file says so (EfficientNet); None where
    the file does not describe the network.
  slim: whether the network is TF-Slim's, not Keras's.
  others: names of what else is in the file.
  numbered: whether the layers' names are only class names with numbers (`conv2d_7`), in the order of the network.
  """

  source: str
  layers: Sequence[Layer]
  epsilons: Mapping[str, float] = dataclasses.field(default_factory=dict)
  input_scale: Sequence[float] | None = None
  slim: bool = False
  numbered: bool = False
  others: Sequence[str] = ()


def by_order(arrays: Sequence[Array]) -> dict[str, Array]:
  """The roles of a layer's arrays that have no names, from their number and Keras's order; empty if not known."""
  if len(arrays) == 3 and arrays[2].ndim == 0:
    return dict(zip(_NORMALIZATION, arrays, strict=True))
  return dict(zip(_BY_NUMBER.get(len(arrays), ()), arrays, strict=False))


def from_names(weights: Iterable[tuple[str, str, Array]]) -> list[Layer]:
  """Layers from (parent, `[.../]layer/weight[:0]`, array) of every weight; weights of unknown roles are left out."""
  found: dict[tuple[str, str], dict[str, Array]] = {}
  for parent, name, array in weights:
    path, _, weight = name.split(':')[0].rpartition('/')
    role = ROLES.get(weight)
    if role is not None:
      above, _, layer = path.rpartition('/')
      found.setdefault(('/'.join(part for part in (parent, above) if part), layer), {})[role] = array
  return [Layer(name, parent, arrays) for (parent, name), arrays in found.items()]
