"""Loads the signatures of a SavedModel that need no variables, in a fraction of the time of TensorFlow's own loader.

tf.saved_model.load makes a Python object of every variable, and of each function in the graph, those that save and
restore the variables included. Signatures of an exported model read none of them: its weights are constants.
"""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Callable, Collection
from typing import Any

from google.protobuf import message

from detection import model_folder
from detection.base import files, graph_def

# A batch, as numpy has it, to the outputs by name.
Function = Callable[[Any], dict[str, Any]]

# A signature of TensorFlow 2 is one call. What else the outer graph has for it is a variable or a table.
_STATELESS = ('Placeholder', 'PartitionedCall', 'StatefulPartitionedCall', 'Const', 'Identity', 'NoOp')


def load(folder: str, names: Collection[str]) -> dict[str, Function] | None:
  """Those of the signatures `names` that the SavedModel in `folder` has.

  Returns:
    None if one of them needs a variable or a table, or cannot be read: that is for TensorFlow's loader.
  """
  import tensorflow as tf
  from tensorflow.core.protobuf import saved_model_pb2

  try:
    saved = saved_model_pb2.SavedModel.FromString(files.read_bytes(posixpath.join(folder, model_folder.SAVED_MODEL)))
    (meta,) = saved.meta_graphs
    signatures = {name: meta.signature_def[name] for name in names if name in meta.signature_def}
    outputs = [info.name for one in signatures.values() for info in one.outputs.values()]
    graph = graph_def.needed(meta.graph_def, outputs)
    single = all(len(one.inputs) == 1 for one in signatures.values())
    if not signatures or not single or any(node.op not in _STATELESS for node in graph.node):
      return None
    # Models of one program have functions of one name.
    graph_def.rename_functions(graph, f'_{uuid.uuid4().hex[:8]}')
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=''), [])
  except (OSError, ValueError, message.DecodeError, tf.errors.OpError):
    return None
  return {name: _function(wrapped, signature) for name, signature in signatures.items()}


def _function(wrapped: Any, signature: Any) -> Function:
  import tensorflow as tf

  (taken,) = signature.inputs.values()
  run = wrapped.prune(taken.name, {name: info.name for name, info in signature.outputs.items()})
  return lambda batch: run(tf.constant(batch, tf.as_dtype(taken.dtype)))
