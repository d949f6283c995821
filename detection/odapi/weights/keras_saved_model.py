"""Keras SavedModel folders (and Keras's TF2 checkpoints): variables by their full names, read without the graph."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from detection.base import files, local_copies
from detection.base.errors import ConfigError
from detection.odapi.weights.layers import SavedNetwork, from_names

_GRAPH_KEY = '_CHECKPOINTABLE_OBJECT_GRAPH'
_VARIABLES = 'variables/variables'


def read(folder: str, source: str) -> SavedNetwork:
  """Reads the weights of the SavedModel in `folder`.

  Raises:
    ConfigError: if its variables cannot be read, or are of no layers.
  """
  try:
    reader = tf.train.load_checkpoint(local_copies.readable(files.join(folder, _VARIABLES)))
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(reader.get_tensor(_GRAPH_KEY))
    values = [a for node in graph.nodes for a in node.attributes if a.name == 'VARIABLE_VALUE']
    slots = {slot.slot_variable_node_id for node in graph.nodes for slot in node.slot_variables}
    of_slots = {a.checkpoint_key for node in slots for a in graph.nodes[node].attributes}
    named = [(a.full_name, a.checkpoint_key) for a in values if a.full_name and a.checkpoint_key not in of_slots]
    layers = from_names(('', name, reader.get_tensor(key)) for name, key in named)
  except (tf.errors.OpError, ValueError, RuntimeError, KeyError) as error:
    raise ConfigError(f'{source}: not a SavedModel of Keras: {str(error).splitlines()[0]}') from error
  if not any(layer.name for layer in layers):
    raise ConfigError(f'{source}: the variables of this SavedModel have no names of layers. Save the model as .keras.')
  return SavedNetwork(source, layers)
