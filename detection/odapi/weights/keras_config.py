"""What a model's JSON, as Keras writes it beside its weights, says of layers. Nothing is built from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from detection.base.errors import ConfigError


def parse(text: str | bytes, source: str) -> dict[str, Any]:
  """The model's description. Raises ConfigError if it is not JSON of a model."""
  try:
    config = json.loads(text)
  except ValueError as error:
    raise ConfigError(f'{source}: its description of the model is not JSON.') from error
  if not isinstance(config, dict):
    raise ConfigError(f'{source}: its description of the model is not that of a Keras model.')
  return config


def layers_of(model: dict[str, Any]) -> list[dict[str, Any]]:
  """The descriptions of a model's layers, in its order; empty for what is no Functional or Sequential model."""
  inner = model.get('config')
  layers = inner.get('layers') if isinstance(inner, dict) else inner
  return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []


def name_of(layer: dict[str, Any]) -> str:
  inner = layer.get('config')
  return str(inner.get('name', '')) if isinstance(inner, dict) else ''


def epsilons(model: dict[str, Any]) -> dict[str, float]:
  """{layer name: epsilon} of every layer that has one."""
  inner = ((name_of(layer), layer['config']) for layer in _walk(model) if isinstance(layer.get('config'), dict))
  return {name: float(config['epsilon']) for name, config in inner if isinstance(config.get('epsilon'), float)}


def input_scale(model: dict[str, Any]) -> list[float]:
  """What the input is multiplied by after its normalization, one number a channel; ones if nothing is."""
  for layer in _walk(model):
    scale = layer['config'].get('scale') if isinstance(layer.get('config'), dict) else None
    if layer.get('class_name') == 'Rescaling' and isinstance(scale, Sequence) and len(scale) == 3:
      return [float(number) for number in scale]
  return [1.0, 1.0, 1.0]


def paths(model: dict[str, Any], above: str = '') -> Iterator[tuple[str, str, str]]:
  """(path in a weights file, layer's name, name of the model around it) of every layer.

  Keras counts the layers of a class within a model: `layers/conv2d`, `layers/conv2d_1`.
  """
  counts: dict[str, int] = {}
  for layer in layers_of(model):
    base = snake_case(str(layer.get('class_name', '')))
    number = counts[base] = counts.get(base, -1) + 1
    path = f'{above}layers/{base}_{number}' if number else f'{above}layers/{base}'
    yield path, name_of(layer), '' if not above else name_of(model)
    yield from paths(layer, f'{path}/')


def snake_case(name: str) -> str:
  """As keras.src.utils.naming.to_snake_case: `DepthwiseConv2D` becomes `depthwise_conv2d`."""
  name = re.sub('(.)([A-Z][a-z]+)', r'\1_\2', re.sub(r'\W+', '', name))
  return re.sub('([a-z])([A-Z])', r'\1_\2', name).lower()


def _walk(model: dict[str, Any]) -> Iterator[dict[str, Any]]:
  for layer in layers_of(model):
    yield layer
    yield from _walk(layer)
