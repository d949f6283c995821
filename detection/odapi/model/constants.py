"""A traced function with constants in place of its variables: TensorFlow can then compute ahead what follows from them,
and lay weights out as its kernels want them. Training needs the variables; a served model does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from detection.base import graph_def
from detection.base.graph_def import node_name
from detection.odapi.model.folding import fold

# Bytes of all weights. Within a function TensorFlow lays weights out once, as its kernels want them; but every function
# that calls this one, and each step of saving and loading, holds a copy: some forty when a model is exported.
_MOST_WITHIN = 32 * 2**20
_SMALL = 4096  # bytes of a constant that always stays in the function


def frozen(traced: Any) -> Callable[..., dict[str, tf.Tensor]] | None:
  """The same function with the present values of its variables, and batch norm folded into convolutions.

  Args:
    traced: a tf.ConcreteFunction that takes tensors by position and gives a dict of tensors.

  Returns:
    A function that takes and gives the same, to be called once within a tf.function, which then has the graph; it
    captures the weights if they are large. None where a variable is not just read, but handed on to a branch or a loop.
  """
  graph = traced.graph.as_graph_def()
  count = len(traced.inputs) - len(traced.captured_inputs)
  arguments, placeholders = traced.inputs[:count], traced.inputs[count:]
  variables = {id(variable.handle): variable for variable in traced.graph.variables}
  values = {
    placeholder.op.name: variables.get(id(captured), captured)
    for placeholder, captured in zip(placeholders, traced.captured_inputs, strict=True)
  }
  if not _put_in_place(graph, values):
    return None
  fold(graph)
  names = sorted(traced.structured_outputs)
  outputs = [traced.structured_outputs[name].name for name in names]
  graph = graph_def.needed(graph, outputs, leave_out={argument.op.name for argument in arguments})
  _forget_gradients(graph)
  read = {source for node in graph.node for source in node.input}
  weights = _take_out(graph) if graph.ByteSize() > _MOST_WITHIN else {}

  def run(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
    given = {argument.name: tensor for argument, tensor in zip(arguments, tensors, strict=True)}
    given |= {f'{name}:0': tf.identity(weight) for name, weight in weights.items()}
    given = {name: tensor for name, tensor in given.items() if {name, name.removesuffix(':0')} & read}
    found = tf.graph_util.import_graph_def(graph, input_map=given, return_elements=outputs, name='frozen')
    return dict(zip(names, found, strict=True))

  return run


def _take_out(graph: tf.compat.v1.GraphDef) -> dict[str, tf.Tensor]:
  """{node: its value} of the large constants; placeholders take their places."""
  taken = {}
  for node in graph.node:
    if node.op == 'Const' and node.ByteSize() > _SMALL:
      taken[node.name] = tf.constant(tf.make_ndarray(node.attr['value'].tensor))
      node.op = 'Placeholder'
      del node.attr['value']
  return taken


def _forget_gradients(graph: tf.compat.v1.GraphDef) -> None:
  """Takes the names of gradient functions, such as swish has, off the nodes.

  Nobody differentiates a served model, and saving would look for tensors of the graph that the functions came from.
  """
  for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
    for node in nodes:
      node.attr.pop('_gradient_op_type', None)


def _put_in_place(graph: tf.compat.v1.GraphDef, values: Mapping[str, Any]) -> bool:
  """Makes constants of the placeholders of what was captured. False, and nothing is changed, if that cannot be done.

  Args:
    graph: changed in place.
    values: {placeholder: variable or tensor}.
  """
  variables = {name for name, value in values.items() if isinstance(value, tf.Variable)}
  readers = [node for node in graph.node if variables & {node_name(source) for source in node.input}]
  resources = any(value.dtype == tf.resource for value in values.values())
  if resources or any(node.op != 'ReadVariableOp' for node in readers):
    return False
  for node in readers:
    node.op = 'Identity'
    node.attr['T'].type = node.attr['dtype'].type
    del node.attr['dtype']
  # What waits until a variable was read would keep its value in the graph, although nothing may compute with it.
  waited_for = {f'^{node.name}' for node in readers}
  for node in graph.node:
    if waited_for & set(node.input):
      node.input[:] = [source for source in node.input if source not in waited_for]
  for node in graph.node:
    if node.name in values:
      _make_constant(node, values[node.name].numpy())
  return True


def _make_constant(node: tf.compat.v1.NodeDef, value: np.ndarray) -> None:
  node.op = 'Const'
  node.attr.clear()
  node.attr['dtype'].type = tf.as_dtype(value.dtype).as_datatype_enum
  node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(value))
