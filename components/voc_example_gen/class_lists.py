"""Chooses the list of class names that counts for each YOLO label file: the nearest one beside or above."""

import posixpath
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import counting, name_list, spelling
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.name_list import NameList
from components.voc_example_gen.refusals import Reason, RefusedFileError

_SHOWN = 3  # files or numbers named in a warning
_NONE = NameList('', None)
Folders = tuple[str, str]  # of a label file and of its image


class Usage(NamedTuple):
  """How the lists were used for some label files.

  Attributes:
    first: {folders: the first label file there that has a row}.
    far: {list elsewhere, or '': (how many label files have none near, the first of them)}.
    unnamed: {list: {class number without a name: boxes}}.
    used: {list: class numbers}.
  """

  first: Mapping[Folders, str]
  far: Mapping[str, tuple[int, Sequence[str]]]
  unnamed: Mapping[str, Mapping[int, int]]
  used: Mapping[str, Collection[int]]


class ClassLists:
  """All lists of class names of a data folder.

  A label file is read with the list in the nearest folder beside or above it, or beside or above its image. Only if
  there is none, lists elsewhere count, as long as they agree.
  """

  def __init__(self, lists: Iterable[NameList]) -> None:
    self._by_folder: dict[str, list[NameList]] = defaultdict(list)
    for entry in sorted(lists, key=lambda entry: entry.rank):
      self._by_folder[posixpath.dirname(entry.path)].append(entry)
    self._chosen: dict[Folders, NameList] = {}
    self._first: dict[Folders, str] = {}
    self._in_reach: dict[str, NameList] = {}
    self._far: set[Folders] = set()
    self._without: dict[str, tuple[int, list[str]]] = {}  # see Usage.far
    self._unnamed: dict[str, Counter[int]] = defaultdict(Counter)
    self._used: dict[str, set[int]] = defaultdict(set)  # {list: class numbers}

  def of(self, path: str, image: str) -> NameList:
    """The list for a label file and its image; one without names and problem if the whole folder has none."""
    key = (posixpath.dirname(path), posixpath.dirname(image))
    if key not in self._chosen:
      self._first[key] = path
      self._choose(key)
    chosen = self._chosen[key]
    if key in self._far and not chosen.problem:
      count, shown = self._without.get(chosen.path, (0, []))
      self._without[chosen.path] = count + 1, [*shown, path] if count < _SHOWN else shown
    return chosen

  def _choose(self, key: Folders) -> None:
    near = [entry for folder in _folders(*key) for entry in self._by_folder.get(folder, ())]
    self._in_reach |= {entry.path: entry for entry in near}
    own = _first_readable(near)
    self._chosen[key] = _with_keypoints(own or self._elsewhere(), near)
    if own is None:
      self._far.add(key)

  @property
  def usage(self) -> Usage:
    """How the lists were used so far."""
    return Usage(dict(self._first), dict(self._without), dict(self._unnamed), dict(self._used))

  def add(self, usages: Sequence[Usage]) -> None:
    """Takes over how the same lists were used elsewhere, if label files were read there in order of their paths."""
    for path, key in sorted((path, key) for usage in usages for key, path in usage.first.items()):
      if key not in self._chosen:
        self._first[key] = path
        self._choose(key)
    far: dict[str, tuple[int, list[str]]] = {}
    for usage in usages:
      for which, (count, shown) in usage.far.items():
        others, known = far.get(which, (0, []))
        far[which] = others + count, sorted((*known, *shown))[:_SHOWN]
      for which, numbers in usage.unnamed.items():
        self._unnamed[which].update(numbers)
      for which, used in usage.used.items():
        self._used[which].update(used)
    self._without |= sorted(far.items(), key=lambda one: one[1][1])

  def name(self, which: NameList, number: int) -> str:
    """The class of a number; '' if the list does not name it, which `warnings` then tells.

    Raises:
      RefusedFileError: CLASS_NAMES_UNKNOWN if the list cannot be read.
    """
    if which.problem:
      raise RefusedFileError(Reason.CLASS_NAMES_UNKNOWN, which.problem)
    if which.names is None:
      return str(number)
    self._used[which.path].add(number)
    label = which.names[number] if number < len(which.names) else ''
    if not label:
      self._unnamed[which.path][number] += 1
    return label

  def _elsewhere(self) -> NameList:
    """The list of a folder that has nothing to do with the label file."""
    everywhere = [entry for folder in sorted(self._by_folder) for entry in self._by_folder[folder]]
    readable = [entry for entry in everywhere if entry.names is not None]
    if _disagreements(readable):
      names = ', '.join(entry.path for entry in readable[:_SHOWN])
      return NameList('', None, problem=f'no list of class names beside or above, and others disagree: {names}')
    return _first_readable(readable or everywhere) or _NONE

  def off_by_one(self) -> set[str]:
    """The lists whose label files count classes from 1, so that each box would get the name of the next class."""
    named = {entry.path: range(len(entry.names)) for entry in self._chosen.values() if entry.names}
    return {path for path, numbers in named.items() if counting.is_off_by_one(numbers, self._used[path])}

  def warnings(self) -> Iterator[str]:
    """What a user should know about the lists that counted, one sentence each."""
    used = {entry.path: entry for entry in self._chosen.values() if entry.path}
    yield from _disagreements(self._in_reach.values(), used)
    for entry in used.values():
      if entry.guessed:
        names = ', '.join((entry.names or ())[:_SHOWN])
        yield f'{entry.path} is not UTF-8 and was read as {entry.guessed}: {names}. Save it as UTF-8 to be certain.'
      if unnamed := self._unnamed.get(entry.path):
        numbers = ', '.join(f'{number} ({count} boxes)' for number, count in sorted(unnamed.items())[:_SHOWN])
        yield f'{entry.path} has no name for {len(unnamed)} class numbers, whose boxes are dropped: {numbers}.'
    for entry in self._in_reach.values():
      if entry.problem and entry.path not in used:
        yield f'{entry.problem}. Another list is used.'
    for path, (count, shown) in self._without.items():
      yield _far_away(path, count, shown)


def find(tree: Tree) -> ClassLists:
  """Reads all lists of class names of a data folder."""
  return ClassLists(name_list.read_all(tree))


def _folders(*starts: str) -> list[str]:
  """These folders and all above them, the deepest first."""
  found: dict[str, None] = {}
  for folder in starts:
    while folder not in found:
      found[folder] = None
      folder = posixpath.dirname(folder)
  return sorted(found, key=lambda folder: -_depth(folder))


def _depth(folder: str) -> int:
  return folder.count('/') + 1 if folder else 0


def _first_readable(lists: Sequence[NameList]) -> NameList | None:
  """The first list of the first folder that has any; one that can be read, if the folder has such a one."""
  lists = [entry for entry in lists if entry.names is not None or entry.problem]
  if not lists:
    return None
  folder = posixpath.dirname(lists[0].path)
  together = [entry for entry in lists if posixpath.dirname(entry.path) == folder]
  return next((entry for entry in together if entry.names is not None), together[0])


def _with_keypoints(chosen: NameList, near: Sequence[NameList]) -> NameList:
  """The same list with the keypoints that the nearest data.yaml declares."""
  keypoints = next((entry.keypoints for entry in near if entry.keypoints), None)
  if keypoints == chosen.keypoints or keypoints is None:
    return chosen
  return NameList(chosen.path, chosen.names, chosen.problem, keypoints, chosen.guessed)


def _disagreements(lists: Iterable[NameList], used: Iterable[str] = ()) -> list[str]:
  """One sentence if two lists call a number differently; else nothing. used: the paths of those that count."""
  first: dict[int, tuple[str, str]] = {}
  clashes: dict[str, str] = {}
  for entry in lists:
    for number, name in enumerate(entry.names or ()):
      path, other = first.setdefault(number, (entry.path, name))
      if name and other and name != other:
        clashes.setdefault(entry.path, f'{number} is "{other}" in {path}, "{name}" in {entry.path}')
  if not clashes:
    return []
  shown = '; '.join(list(clashes.values())[:_SHOWN])
  return [
    f'Lists of class names disagree: {shown}. Each label file is read with the nearest list; '
    f'used: {spelling.some(used)}.'
  ]


def _far_away(path: str, count: int, files: Sequence[str]) -> str:
  if path:
    return f'{count} label files have no list of class names beside or above; {path} is used: {", ".join(files)}.'
  return f'{count} label files have no data.yaml, classes.txt or obj.names: classes are called by their numbers.'
