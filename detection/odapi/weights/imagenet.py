"""The weights that Keras publishes for a network, trained on ImageNet: from Keras's cache, or fetched by Keras."""

from __future__ import annotations

import os

from detection.base.errors import ConfigError
from detection.odapi.networks import Network

_FETCHED_SIZE = 224


def file_name(network: Network, multiplier: float) -> str:
  """The file of a network and depth multiplier. Raises ConfigError if none is published."""
  found = next((name for number, name in network.files.items() if abs(number - multiplier) < 1e-4), None)
  if found is None:
    raise ConfigError(
      f'model.checkpoint: imagenet: no weights of {network.name} with depth multiplier {multiplier:g} are published. '
      f'Expected {", ".join(f"{number:g}" for number in network.files)}.'
    )
  return found


def places(name: str) -> list[str]:
  """Where a file is looked for: below KERAS_HOME, if that is set, and ~/.keras, where Keras puts what it fetches."""
  homes = [os.environ.get('KERAS_HOME', ''), os.path.join(os.path.expanduser('~'), '.keras')]
  return [os.path.join(home, 'models', name) for home in homes if home]


def path(network: Network, multiplier: float) -> str:
  """The local file of published weights, which Keras fetches first if its cache does not have it.

  Raises:
    ConfigError: if none is published, or it is not in the cache and cannot be fetched.
  """
  name = file_name(network, multiplier)
  if not _found(name):
    _fetch(network, multiplier, name)
  return _found(name)[0]


def _found(name: str) -> list[str]:
  return [place for place in places(name) if os.path.exists(place)]


def _fetch(network: Network, multiplier: float, name: str) -> None:
  """Lets Keras fetch the file: the address and the checksum are known to Keras alone."""
  import tensorflow as tf

  widths = {'alpha': multiplier, 'input_shape': (_FETCHED_SIZE, _FETCHED_SIZE, 3)} if len(network.files) > 1 else {}
  try:
    getattr(tf.keras.applications, network.name)(weights='imagenet', include_top=False, **widths)
  except Exception as error:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    raise ConfigError(
      f'model.checkpoint: imagenet: {name} is not in the cache of Keras, and could not be fetched: {reason}. '
      f'Put the file at {places(name)[0]}.'
    ) from error
  if not _found(name):
    raise ConfigError(f'model.checkpoint: imagenet: Keras did not write {name}. Put it at {places(name)[0]}.')
