"""Hands rows from the workers of one stage to those of the next: in files, each cut into parts.

A worker writes one file with its rows in order of parts; a worker of the next stage reads one part of all these files.
An engine's own shuffle would do the same, but Beam's local engine keeps all that it shuffles in memory.
"""

import marshal
from collections import defaultdict
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


class Runs:
  """Writes rows as they come: a file whenever there are many, so that few are held.

  Attributes:
    paths: the files so far.
    count: rows so far.
  """

  def __init__(self, output: str, most: int) -> None:
    """output: how the files' paths begin; most: rows of a file."""
    self.paths: list[str] = []
    self.count = 0
    self._output, self._most = output, most
    self._held: dict[int, list[Row]] = defaultdict(list)

  def add(self, part: int, row: Row) -> None:
    self._held[part].append(row)
    self.count += 1
    if self.count % self._most == 0:
      self.flush()

  def flush(self) -> None:
    """Writes the rows that are held."""
    if self._held:
      self.paths.append(save(f'{self._output}-{len(self.paths):05}', self._held))
      self._held = defaultdict(list)


def _contents(file: IO[bytes]) -> dict[int, tuple[int, int]]:
  return marshal.loads(file.read(int.from_bytes(file.read(_HEAD), 'big')))
