"""Reads YAML that a person wrote: what PyYAML takes without a word, or ends with a traceback, is a YAMLError here."""

from typing import Any

import yaml

MAX_DEPTH = 64  # PyYAML recurses: some hundreds use up Python's stack. Nobody writes settings ten deep.
_MERGE = 'tag:yaml.org,2002:merge'


class Loader(yaml.SafeLoader):
  """SafeLoader that refuses a key that stands twice in a mapping, deep nesting, and scalars that have no value.

  Of two equal keys PyYAML keeps the last; the first would be a setting that does nothing.
  """

  def __init__(self, stream: Any) -> None:
    super().__init__(stream)
    self._depth = 0

  def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
    if self._depth == MAX_DEPTH:
      raise yaml.composer.ComposerError(None, None, f'nested deeper than {MAX_DEPTH}', self.peek_event().start_mark)
    self._depth += 1
    node = super().compose_node(parent, index)
    self._depth -= 1
    return node

  def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
    node = super().compose_mapping_node(anchor)
    first: dict[tuple[str, str], yaml.Mark] = {}
    for key, _ in node.value:
      if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
        before = first.setdefault((key.tag, key.value), key.start_mark)
        if before is not key.start_mark:
          problem = f'the key "{key.value}" is there a second time, first on line {before.line + 1}'
          raise yaml.composer.ComposerError(None, None, problem, key.start_mark)
    return node

  def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
    try:
      return super().construct_object(node, deep)
    except ValueError as error:  # 2024-13-45, or an integer of thousands of digits
      raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error


def load(content: Any) -> Any:
  """The one document in a text or an open file; None if there is none.

  Raises:
    yaml.YAMLError: if it is not YAML, or YAML that `Loader` refuses.
  """
  return yaml.load(content, Loader)  # noqa: S506  a SafeLoader


def load_all(content: Any) -> list[Any]:
  """All documents in a text or an open file. Raises as `load`."""
  return list(yaml.load_all(content, Loader))


def explain(error: yaml.YAMLError) -> str:
  """What is wrong, and on which line, in one line."""
  if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
    context = f', {error.context}' if error.context else ''
    return f'line {error.problem_mark.line + 1}: {error.problem}{context}'
  return ' '.join(str(error).split())
