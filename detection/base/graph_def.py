"""TensorFlow's GraphDef, as it is stored: which of its nodes and functions an output needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Set
from typing import Any


def node_name(source: str) -> str:
  """The node's name in an input: `name`, `name:1`, or `^name` for order alone."""
  return source.removeprefix('^').partition(':')[0]


def needed(graph: Any, outputs: Collection[str], leave_out: Set[str] = frozenset()) -> Any:
  """A new GraphDef: the nodes that compute the outputs, and the functions that these call.

  Args:
    graph: a GraphDef.
    outputs: names of nodes or of their outputs.
    leave_out: nodes that are left out, with what they alone need.
  """
  nodes = {node.name: node for node in graph.node}
  functions = {function.signature.name: function for function in graph.library.function}
  found = _reached(map(node_name, outputs), lambda name: map(node_name, nodes[name].input), leave_out)
  kept = type(graph)(versions=graph.versions)
  kept.node.extend(node for node in graph.node if node.name in found)

  def called(of: Iterable[Any]) -> Iterator[str]:
    return (one.name for node in of for one in _functions(node) if one.name in functions)

  calls = _reached(called(kept.node), lambda name: called(functions[name].node_def))
  kept.library.function.extend(functions[name] for name in functions if name in calls)
  return kept


def _reached(first: Iterable[str], behind: Any, leave_out: Set[str] = frozenset()) -> set[str]:
  found: set[str] = set()
  waiting = list(first)
  while waiting:
    name = waiting.pop()
    if name not in found and name not in leave_out:
      found.add(name)
      waiting += behind(name)
  return found


def rename_functions(graph: Any, ending: str) -> None:
  """Puts `ending` behind the names of the graph's functions, in place: a process has one function of a name."""
  own = {function.signature.name for function in graph.library.function}
  for function in graph.library.function:
    function.signature.name += ending
  for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
    for called in (one for node in nodes for one in _functions(node) if one.name in own):
      called.name += ending


def _functions(node: Any) -> Iterator[Any]:
  """What names a function in the node's attributes; a name is empty where there is none."""
  for value in node.attr.values():
    yield value.func
    yield from value.list.func
