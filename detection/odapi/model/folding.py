"""Folds batch norm into the convolutions before it, in a graph whose weights are constants.

In inference batch norm is a scale and a shift of each channel, so that

    scale * (W * x + bias - mean) + beta  =  (scale W) * x + (scale * (bias - mean) + beta)

is a convolution with a bias, which TensorFlow computes in one pass over memory, activation included. Sums are rounded
in another order: outputs change in about the seventh digit.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import tensorflow as tf

from detection.base.graph_def import node_name

_NORMS = ('FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3')
_DEPTHWISE = 'DepthwiseConv2dNative'
_CONVOLUTIONS = ('Conv2D', _DEPTHWISE)
_CHANNELS_LAST = b'NHWC'
# Bytes. Each convolution that shares its weights with others gets its own when batch norm is folded. Where these are
# large, batch norm costs little beside the convolution, and stays.
_LARGEST_COPY = 256 * 1024


def fold(graph: tf.compat.v1.GraphDef) -> int:
  """Folds every batch norm of inference that follows a convolution which nothing else reads.

  Args:
    graph: constants in place of variables. Changed in place: what was computed keeps its name, and constants that
      nothing reads any more stay in it.

  Returns:
    How many batch norms are gone.
  """
  work = _Folding(graph)
  return sum([work.fold_norm(node) for node in list(graph.node) if node.op in _NORMS])


class _Folding:
  """A graph while it is changed."""

  def __init__(self, graph: tf.compat.v1.GraphDef) -> None:
    self._graph = graph
    self._nodes = {node.name: node for node in graph.node}
    self._readers = Counter(node_name(source) for node in graph.node for source in node.input)
    self._convolutions = Counter(self._origin(node.input[1]).name for node in graph.node if node.op in _CONVOLUTIONS)

  def fold_norm(self, norm: tf.compat.v1.NodeDef) -> bool:
    """Turns the batch norm into a bias behind a scaled convolution, if it can be."""
    if norm.attr['is_training'].b or norm.attr['data_format'].s != _CHANNELS_LAST:
      return False
    convolution, bias = self._convolution(norm.input[0])
    constants = [self._constant(source) for source in norm.input[1:5]]
    weights = self._constant(convolution.input[1]) if convolution else None
    if convolution is None or weights is None or any(value is None for value in constants):
      return False
    if weights.nbytes > _LARGEST_COPY and self._convolutions[self._origin(convolution.input[1]).name] > 1:
      return False
    gamma, beta, mean, variance = (np.asarray(value, np.float64) for value in constants)
    scale = gamma / np.sqrt(variance + norm.attr['epsilon'].f)
    # The last axis of [height, width, in, out]; a depthwise one is [height, width, in, multiplier], and its channels
    # are in the order of the last two.
    by_channel = scale.reshape(weights.shape[2:]) if convolution.op == _DEPTHWISE else scale
    # New ones, also where several convolutions share their weights: each has a batch norm of its own.
    convolution.input[1] = self._add(f'{norm.name}/folded_weights', (weights * by_channel).astype(weights.dtype))
    shift = self._add(f'{norm.name}/folded_bias', ((bias - mean) * scale + beta).astype(weights.dtype))
    norm.op = 'BiasAdd'
    norm.input[:] = [convolution.name, shift]
    for attribute in set(norm.attr) - {'T', 'data_format'}:
      del norm.attr[attribute]
    return True

  def _convolution(self, source: str) -> tuple[tf.compat.v1.NodeDef | None, np.ndarray]:
    """(the convolution that computes `source`, its bias); None if another operation does, or it has other readers."""
    node, bias = self._nodes[node_name(source)], np.zeros(1)
    if node.op == 'BiasAdd' and self._readers[node.name] == 1:
      constant = self._constant(node.input[1])
      if constant is None:
        return None, bias
      node, bias = self._nodes[node_name(node.input[0])], constant.astype(np.float64)
    if node.op not in _CONVOLUTIONS or self._readers[node.name] > 1:
      return None, bias
    # Only now: to ask a node for an attribute that it has not gives it an empty one.
    return (node if node.attr['data_format'].s == _CHANNELS_LAST else None), bias

  def _constant(self, source: str) -> np.ndarray | None:
    """The constant that `source` is, perhaps by way of Identity."""
    node = self._origin(source)
    return tf.make_ndarray(node.attr['value'].tensor) if node.op == 'Const' else None

  def _origin(self, source: str) -> tf.compat.v1.NodeDef:
    """The node that computes `source`, behind Identity."""
    node = self._nodes[node_name(source)]
    while node.op == 'Identity':
      node = self._nodes[node_name(node.input[0])]
    return node

  def _add(self, name: str, value: np.ndarray) -> str:
    """Adds a constant and returns its name."""
    node = self._graph.node.add(name=name, op='Const')
    node.attr['dtype'].type = tf.as_dtype(value.dtype).as_datatype_enum
    node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(value))
    self._nodes[name] = node
    return name
