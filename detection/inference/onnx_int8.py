"""Quantizes an ONNX detector to 8 bits, by ONNX Runtime's static quantization.

Convolutions and what lies between two of them compute in 8 bits. What prepares the image, and what makes boxes of the
network's outputs, stays in float32. CPUs with VNNI, and ARM ones with dot products, gain by it.
"""

import itertools
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from detection.inference import onnx_model

# What may stay in 8 bits between two convolutions.
_BETWEEN = ('Add', 'Clip', 'Concat', 'GlobalAveragePool', 'MaxPool', 'Mul', 'Relu', 'Resize', 'Sigmoid')
_CONVOLUTION = 'Conv'


def quantize(file: bytes, images: Iterable[np.ndarray]) -> bytes:
  """The .onnx file in 8 bits.

  Args:
    file: content of an .onnx file that onnx_export made.
    images: uint8 [H, W, 3], of any size, by which the ranges of activations are chosen.
  """
  import onnx
  from onnxruntime import quantization

  class Reader(quantization.CalibrationDataReader):
    """Gives the images one by one, as ONNX Runtime asks for them."""

    def __init__(self, name: str) -> None:
      self._inputs = ({name: image[np.newaxis]} for image in images)

    def get_next(self) -> dict[str, np.ndarray] | None:
      return next(self._inputs, None)

  model = onnx.load_from_string(file)
  with tempfile.TemporaryDirectory() as folder:
    target = os.path.join(folder, 'int8.onnx')
    quantization.quantize_static(
      model,
      target,
      Reader(model.graph.input[0].name),
      quant_format=quantization.QuantFormat.QDQ,
      per_channel=True,
      activation_type=quantization.QuantType.QUInt8,
      weight_type=quantization.QuantType.QInt8,
      reduce_range=True,  # weights of 7 bits: without VNNI, as on AVX2, products of 8 bits overflow 16
      op_types_to_quantize=[_CONVOLUTION, *_BETWEEN],
      nodes_to_quantize=list(inside(model.graph)),
    )
    quantized = onnx.load(target)
  properties = {entry.key: entry.value for entry in model.metadata_props if entry.key == onnx_model.LABELS}
  del quantized.metadata_props[:]
  onnx.helper.set_model_props(quantized, properties)
  return quantized.SerializeToString()


def inside(graph: Any) -> Iterator[str]:
  """Names of an onnx graph's convolutions, and of what may stay in 8 bits between two of them."""
  makers = {output: node for node in graph.node for output in node.output}
  readers = defaultdict(list)
  for node in graph.node:
    for source in node.input:
      readers[source].append(node)
  convolutions = [node for node in graph.node if node.op_type == _CONVOLUTION]
  before = _reached(convolutions, lambda node: [makers[source] for source in node.input if source in makers])
  behind = _reached(convolutions, lambda node: itertools.chain.from_iterable(readers[made] for made in node.output))
  for node in graph.node:
    is_between = node.op_type in _BETWEEN and node.name in before and node.name in behind
    if node.op_type == _CONVOLUTION or is_between:
      yield node.name


def _reached(first: Iterable[Any], step: Callable[[Any], Iterable[Any]]) -> set[str]:
  """Names of the nodes that one gets to, step by step."""
  found: set[str] = set()
  waiting = list(first)
  while waiting:
    for node in step(waiting.pop()):
      if node.name not in found:
        found.add(node.name)
        waiting.append(node)
  return found
