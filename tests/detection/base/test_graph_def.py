"""What an output needs of a stored graph."""

import pytest
import tensorflow as tf

from detection.base import graph_def


@pytest.fixture(scope='module')
def graph():
  """a -> b -> c and a -> d, where c calls a function that calls another; a third function nobody calls."""

  @tf.function
  def inner(x):
    return x + 1

  @tf.function
  def outer(x):
    return inner(x) * 2

  made = tf.Graph()
  with made.as_default():
    a = tf.compat.v1.placeholder(tf.float32, [], 'a')
    b = tf.identity(a, 'b')
    tf.identity(outer(b), 'c')
    tf.identity(inner.get_concrete_function(tf.TensorSpec([], tf.int32))(tf.constant(1)), 'd')
  return made.as_graph_def()


def test_what_no_output_needs_is_left_out(graph):
  kept = graph_def.needed(graph, ['c:0'])
  names = {node.name for node in kept.node}
  assert {'a', 'b', 'c'} <= names
  assert 'd' not in names
  assert len(graph.library.function) == 3
  assert len(kept.library.function) == 2
  whole = graph_def.needed(graph, ['c', 'd'])
  assert len(whole.node) == len(graph.node)
  assert len(whole.library.function) == 3


def test_nodes_can_be_left_out_with_what_they_alone_need(graph):
  names = {node.name for node in graph_def.needed(graph, ['c'], leave_out={'b'}).node}
  assert 'c' in names
  assert not names & {'a', 'b'}


def test_renamed_functions_are_called_by_their_new_names(graph):
  renamed = type(graph).FromString(graph.SerializeToString())
  graph_def.rename_functions(renamed, '_again')
  assert {one.signature.name for one in renamed.library.function} == {
    f'{one.signature.name}_again' for one in graph.library.function
  }
  run = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(renamed, name=''), []).prune('a:0', 'c:0')
  assert run(tf.constant(3.0)).numpy() == 8


@pytest.mark.parametrize('source', ['name', 'name:1', '^name'])
def test_an_input_names_its_node(source):
  assert graph_def.node_name(source) == 'name'
