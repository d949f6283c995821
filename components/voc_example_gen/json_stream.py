"""Reads a large JSON file in blocks: what is left out of its entries is never held all at once."""

import codecs
import json
from collections.abc import Callable, Iterator
from typing import IO, Any

_BLOCK = 2**20  # bytes
_SPACE = ' \t\n\r'

Hook = Callable[[dict[str, Any]], Any]
Take = Callable[[str, Any], None]


def load(file: IO[bytes], object_hook: Hook) -> Any:
  """What json.loads gives for the content of `file`; raises ValueError or RecursionError as it does.

  Args:
    file: at its start, and can be read again from there.
    object_hook: called for each object as soon as it is read. Only what it returns is kept.
  """
  try:
    return _Reader(file, object_hook).document()
  except ValueError:
    file.seek(0)  # no object, or broken: the usual way says where
    return json.loads(file.read(), object_hook=object_hook)


def scan(file: IO[bytes], object_hook: Hook, take: Take) -> Any:
  """Gives the entries of the lists of an object to `take`, and keeps none of them.

  Args:
    file: at its start.
    object_hook: as for `load`.
    take: called with the name of a list and each of its entries, in their order.

  Returns:
    What `load` gives, if all these lists were empty.

  Raises:
    ValueError, RecursionError: if it is no object, is broken, or has a name twice.
  """
  return _Reader(file, object_hook, take).document()


class _Reader:
  """Reads an object whose lists are long. Holds a block of the text, or one entry of a list if that is longer."""

  def __init__(self, file: IO[bytes], object_hook: Hook, take: Take | None = None) -> None:
    self._file, self._hook, self._take = file, object_hook, take
    self._decode = json.JSONDecoder(object_hook=object_hook).raw_decode
    first = file.read(_BLOCK)
    self._text = codecs.getincrementaldecoder(json.detect_encoding(first))('surrogatepass')
    self._buffer, self._at, self._ended = self._text.decode(first), 0, False

  def document(self) -> Any:
    """Raises ValueError if it is not a single object."""
    found: dict[str, Any] = {}
    self._expect('{')
    for _ in self._until('}'):
      name = self._value()
      if not isinstance(name, str):
        raise ValueError('expected a name')
      self._expect(':')
      if self._take and name in found:
        raise ValueError(f'{name[:40]!r} is there twice')
      found[name] = self._list(name) if self._next() == '[' else self._value()
    if self._next():
      raise ValueError('expected the end')
    return self._hook(found)

  def _list(self, name: str) -> list[Any]:
    self._expect('[')
    if not self._take:
      return [self._value() for _ in self._until(']')]
    for _ in self._until(']'):
      self._take(name, self._value())
    return []

  def _until(self, end: str) -> Iterator[None]:
    """Stops before each of some values that are parted by commas, and after `end`."""
    if self._next() != end:
      yield
      while self._next() == ',':
        self._expect(',')
        yield
    self._expect(end)

  def _value(self) -> Any:
    self._next()
    while True:
      try:
        value, end = self._decode(self._buffer, self._at)
      except ValueError:
        if not self._more():
          raise
        continue
      # The rest of a number may be in the next block.
      is_whole = self._buffer[self._at] in '{["' or self._buffer[end : end + 1] in (*_SPACE, ',', ']', '}')
      if is_whole or not self._more():
        self._at = end
        return value

  def _next(self) -> str:
    """The next character that is no space; '' at the end."""
    while True:
      while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
        self._at += 1
      if self._at < len(self._buffer):
        return self._buffer[self._at]
      if not self._more():
        return ''

  def _expect(self, character: str) -> None:
    if self._next() != character:
      raise ValueError(f'expected {character}')
    self._at += 1

  def _more(self) -> bool:
    """Reads on: as much as is held, so that a long entry is not begun too often. False at the end of the file."""
    if self._ended:
      return False
    rest = self._buffer[self._at :]
    block = self._file.read(max(_BLOCK, len(rest)))
    self._ended = not block
    self._buffer, self._at = rest + self._text.decode(block, final=not block), 0
    return True
