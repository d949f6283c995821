"""Hands rows from the workers of one stage to those of the next: in files, each cut into parts.

A worker writes one file with its rows in order of parts; a worker of the next stage reads one part of all these files.
An engine's own shuffle would do the same, but Beam's local engine keeps all that it shuffles in memory.
"""

import marshal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from detection.base import files

Row = tuple[Any, ...]  # of strings, bytes and numbers, and of tuples and lists of them
_HEAD = 8  # bytes that tell how long the table of contents is


def save(path: str, parts: Mapping[int, Sequence[Row]]) -> str:
  """Writes {part: its rows} to a file; returns `path`."""
  # marshal: pickle takes five times as long. The files are read by the same run alone, whose workers have one Python.
  blocks = {part: marshal.dumps(list(rows)) for part, rows in sorted(parts.items())}
  places, start = {}, 0
  for part, block in blocks.items():
    places[part] = (start, len(block))
    start += len(block)
  contents = marshal.dumps(places)
  with files.whole_file(path) as file:
    file.write(len(contents).to_bytes(_HEAD, 'big') + contents)
    for block in blocks.values():
      file.write(block)
  return path


def load(paths: Iterable[str], parts: Sequence[int]) -> Iterator[Row]:
  """The rows of these parts in all files, in the order of files and, within each, of parts and rows."""
  for path in paths:
    with files.open(path) as file:
      places = _contents(file)
      body = file.tell()
      for part in parts:
        if part in places:
          start, length = places[part]
          file.seek(body + start)
          yield from marshal.loads(file.read(length))


def _contents(file: IO[bytes]) -> dict[int, tuple[int, int]]:
  return marshal.loads(file.read(int.from_bytes(file.read(_HEAD), 'big')))
