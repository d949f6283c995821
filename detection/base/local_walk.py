"""Walks local folders in portions, so that the names of a million files are never held together."""

import itertools
import os
from collections.abc import Iterator

_PORTION = 10_000  # names


def walk(root: str) -> Iterator[tuple[str, list[str], list[str]]]:
  """See files.walk."""
  seen, waiting = {os.path.realpath(root)}, [root]
  while waiting:
    folder = waiting.pop()
    for folders, names in _portions(folder):
      kept = []
      for name in folders:
        real = os.path.realpath(os.path.join(folder, name))
        if real not in seen:
          seen.add(real)
          kept.append(name)
      yield folder, kept, names
      waiting += [os.path.join(folder, name) for name in kept]


def _portions(folder: str) -> Iterator[tuple[list[str], list[str]]]:
  """(folders, files) in a folder, at least once; nothing, as os.walk, if it cannot be read."""
  try:
    entries = os.scandir(folder)
  except OSError:
    return
  with entries:
    while True:
      folders: list[str] = []
      names: list[str] = []
      for entry in itertools.islice(entries, _PORTION):
        (folders if _is_folder(entry) else names).append(entry.name)
      yield folders, names
      if len(folders) + len(names) < _PORTION:
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
  try:
    return entry.is_dir()
  except OSError:  # a link that goes in a circle
    return False
