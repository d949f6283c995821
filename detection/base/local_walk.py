"""Walks local folders in portions, so that the names of a million files are never held together."""

import itertools
import os
from collections.abc import Iterator
from typing import NamedTuple

_PORTION = 10_000  # names


class Portion(NamedTuple):
  """Some of what is in a folder, by name; links to folders are links."""

  folders: list[str]
  links: list[str]
  names: list[str]


def walk(root: str) -> Iterator[tuple[str, list[str], list[str]]]:
  """See files.walk."""
  seen, waiting = {os.path.realpath(root)}, [root]
  while waiting:
    folder = waiting.pop()
    for portion in portions(folder, _PORTION):
      kept = []
      for name in (*portion.folders, *portion.links):
        real = os.path.realpath(os.path.join(folder, name))
        if real not in seen:
          seen.add(real)
          kept.append(name)
      yield folder, kept, portion.names
      waiting += [os.path.join(folder, name) for name in kept]


def portions(folder: str, size: int) -> Iterator[Portion]:
  """What is in a folder, at least one portion; nothing, as os.walk, if it cannot be read."""
  try:
    entries = os.scandir(folder)
  except OSError:
    return
  with entries:
    while True:
      portion = Portion([], [], [])
      for entry in itertools.islice(entries, size):
        if not _is_folder(entry):
          portion.names.append(entry.name)
        elif entry.is_symlink():
          portion.links.append(entry.name)
        else:
          portion.folders.append(entry.name)
      yield portion
      if sum(map(len, portion)) < size:
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
  try:
    return entry.is_dir()
  except OSError:  # a link that goes in a circle
    return False
