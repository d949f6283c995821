"""Walks a local folder, or a part of it, with several threads, where these pay: see file_tree.py.

Memory grows with the number of links to folders, not with that of files.
"""

import collections
import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from detection.base import branches, file_status, local_walk, threaded_steps
from detection.base.branches import Branch, Choice, Division, Found, Part
from detection.base.threaded_steps import Step

_BATCH = 256  # files asked for by one thread before another one's turn comes
_THREADS = 8
_QUICK = 0.02  # seconds for a batch
_PORTION = 8 * _BATCH  # names of a folder that are read before their files are asked for
_MOST_BRANCHES = 400  # folders in these are not looked for


def walk(root: str, choice: Choice, part: Part, left: list[str]) -> Iterator[Found]:
  """See file_tree.walk.

  Links are followed when all else is walked: so which of two ways to a folder is taken does not depend on chance.
  """
  top = _Place(root, '', os.path.realpath(root))
  walked, links = _Walked(choice, top.real), list(part.links)
  scans = [_Scan(top.below(branch.inside), choice, links, walked, branch.is_whole) for branch in part.branches]
  yield from threaded_steps.run(scans, _THREADS, _QUICK)
  if not part.follows:
    left += links
    return
  while links:
    followed, links = walked.follow(root, links), []
    yield from threaded_steps.run([_Scan(place, choice, links, walked) for place in followed], _THREADS, _QUICK)


def divide(root: str, choice: Choice) -> Division:
  """See file_tree.divide."""
  found: list[Branch] = []
  examples: list[str] = []
  links: list[str] = []
  waiting = collections.deque([''])
  while waiting and len(found) + len(waiting) < _MOST_BRANCHES:
    inside, names = waiting.popleft(), 0
    folders: list[str] = []
    for portion in local_walk.portions(os.path.join(root, inside), _PORTION):
      names += len(portion.names)
      folders += filter(choice.folder, portion.folders)
      links += filter(choice.folder, portion.links)
      examples += itertools.islice(filter(choice.file, portion.names), 1)
    waiting += (branches.join(inside, name) for name in sorted(folders))  # in order: a stage may be begun twice
    found.append(Branch(inside, is_whole=False, names=names))
  total = None if waiting else sum(branch.names for branch in found)
  parts = branches.grouped([*found, *map(Branch, waiting)], total)
  return Division(parts, total, leaves=bool(links or waiting), examples=tuple(examples))


class _Place(NamedTuple):
  """A folder: `inside` the root, and where it really is."""

  root: str
  inside: str
  real: str

  @property
  def path(self) -> str:
    return os.path.join(self.root, self.inside) if self.inside else self.root

  def below(self, name: str) -> '_Place':
    """A folder in it, which is no link; itself, if the name is ''."""
    return _Place(self.root, branches.join(self.inside, name), os.path.join(self.real, name)) if name else self


class _Walked:
  """Tells which folders are walked, by those in which a walk has begun: all that is below, but for links, is walked."""

  def __init__(self, choice: Choice, top: str) -> None:
    self.begun, self._choice = {top}, choice

  def follow(self, root: str, links: Iterable[str]) -> list[_Place]:
    """Where links lead to, if it is not walked."""
    followed, before = [], frozenset(self.begun)
    for inside in sorted(links):
      place = _Place(root, inside, os.path.realpath(os.path.join(root, inside)))
      if place.real not in self.begun and not self._is_walked(place.real, before):
        self.begun.add(place.real)
        followed.append(place)
    return followed

  def _is_walked(self, folder: str, begun: frozenset[str]) -> bool:
    above = []
    while folder not in begun:
      parent, name = os.path.split(folder)
      if parent == folder or not self._choice.folder(name):
        return False
      above.append(parent)
      folder = parent
    return all(map(_can_be_read, above))


def _can_be_read(folder: str) -> bool:
  return next(local_walk.portions(folder, 1), None) is not None


class _Scan:
  """Reads a portion of a local folder's names. links: gets those to folders. is_whole: whether folders are walked."""

  def __init__(self, place: _Place, choice: Choice, links: list[str], walked: _Walked, is_whole: bool = True) -> None:
    self._place, self._choice, self._links, self._walked, self._is_whole = place, choice, links, walked, is_whole
    self._portions = local_walk.portions(place.path, _PORTION)

  def ask(self) -> '_Names | None':
    portion = next(self._portions, None)
    if portion is None:
      return None
    choice, inside = self._choice, self._place.inside
    wanted = [(name, choice.file(name)) for name in portion.names]
    paths = [branches.join(inside, name) for name, want in wanted if want]
    folders, links = (list(filter(choice.folder, names)) for names in (portion.folders, portion.links))
    return _Names(
      folders,
      [branches.join(inside, link) for link in links],
      found=[(branches.join(inside, name), None) for name, want in wanted if want is False],
      asks=[_Ask(self._place.root, batch) for batch in branches.batches(paths, _BATCH)],
      is_last=sum(map(len, portion)) < _PORTION,
    ).with_few_asked()

  def take(self, answer: '_Names | None') -> tuple[Iterable[Found], Iterable[Step]]:
    if answer is None:
      return (), ()
    self._links += answer.links
    folders = map(self._place.below, answer.folders if self._is_whole else ())
    new = (folder for folder in folders if folder.real not in self._walked.begun)
    scans = (_Scan(folder, self._choice, self._links, self._walked) for folder in new)
    return answer.found, _following(answer.asks, scans, [] if answer.is_last else [self])


def _following(asks: 'list[_Ask]', scans: Iterable[Step], again: Sequence[Step]) -> Iterator[Step]:
  """All of these, in their order. Those that were taken are let go, as this waits until the whole folder is walked."""
  asks.reverse()
  while asks:
    yield asks.pop()
  yield from scans
  yield from again


@dataclasses.dataclass(frozen=True)
class _Names:
  """Chosen names of a portion: of folders; paths of links; files that are found; those that are to be asked for."""

  folders: list[str]
  links: list[str]
  found: list[Found]
  asks: 'list[_Ask]'
  is_last: bool

  def with_few_asked(self) -> '_Names':
    """Asks now if that is one batch."""
    if len(self.asks) != 1:
      return self
    found = self.asks[0].take(self.asks[0].ask())[0]
    return dataclasses.replace(self, found=[*self.found, *found], asks=[])


@dataclasses.dataclass(frozen=True)
class _Ask:
  """Asks for files, by their paths below a local folder."""

  root: str
  paths: Sequence[str]

  def ask(self) -> list[Found]:
    return [(path, file_status.of_local(f'{self.root}/{path}')) for path in self.paths]

  def take(self, answer: list[Found]) -> tuple[Iterable[Found], Iterable[Step]]:
    return answer, ()
