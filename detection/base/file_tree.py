"""Walks a folder of any size: its files with what is known of them, several folders and files asked for at a time.

A store or a network mount answers each request slowly, and many together. Memory grows with the number of folders, not
with that of files; but TensorFlow's file layer, which has gs:// and, on the legacy stack, s3://, gives the names of one
folder all at once.
"""

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from detection.base import file_status, files, local_walk, s3_listing, threaded_steps
from detection.base.errors import DataError
from detection.base.file_status import Status
from detection.base.threaded_steps import Step

_BATCH, _REMOTE_BATCH = 256, 8  # files asked for by one thread before another one's turn comes
_THREADS, _REMOTE_THREADS = 8, 64
_QUICK = 0.02  # seconds for a batch
_PORTION = 8 * _BATCH  # names of a local folder that are read before their files are asked for


@dataclasses.dataclass(frozen=True)
class Choice:
  """What is walked: each is asked with a name.

  Attributes:
    folder: whether to walk this folder.
    file: whether to yield this file, with its status (True) or without (False); None for not at all.
  """

  folder: Callable[[str], bool]
  file: Callable[[str], bool | None]


Found = tuple[str, Status | None]


def walk(root: str, choice: Choice) -> Iterator[Found]:
  """(path below `root`, its Status or None if that is not needed) of all chosen files, in no order.

  Links to local folders are followed, once each, and not if the folder itself is walked. A local folder that cannot be
  read is left out.

  Raises:
    DataError: if a store does not answer.
  """
  if not files.is_remote(root):
    return _local(root, choice)
  if files.tensorflow_opens(root):
    return threaded_steps.run([_List(root.rstrip('/'), '', choice)], _REMOTE_THREADS)
  return s3_listing.walk(root, choice.folder, choice.file)


def _local(root: str, choice: Choice) -> Iterator[Found]:
  """Links are followed when all else is walked: so which of two ways to a folder is taken does not depend on chance."""
  seen: set[str] = set()
  links = ['']
  while links:
    scans: list[Step] = []
    followed, links = sorted(links), []
    for inside in followed:
      place = _Place(root, inside, os.path.realpath(os.path.join(root, inside)))
      if place.real not in seen:
        seen.add(place.real)
        scans.append(_Scan(place, choice, links, seen))
    yield from threaded_steps.run(scans, _THREADS, _QUICK)


class _Place(NamedTuple):
  """A folder: `inside` the root, and where it really is."""

  root: str
  inside: str
  real: str

  @property
  def path(self) -> str:
    return os.path.join(self.root, self.inside) if self.inside else self.root

  def below(self, name: str) -> '_Place':
    return _Place(self.root, _join(self.inside, name), os.path.join(self.real, name))


class _Scan:
  """Reads a portion of a local folder's names. links: gets those to folders. seen: all folders that are walked."""

  def __init__(self, place: _Place, choice: Choice, links: list[str], seen: set[str]) -> None:
    self._place, self._choice, self._links, self._seen = place, choice, links, seen
    self._portions = local_walk.portions(place.path, _PORTION)

  def ask(self) -> '_Names | None':
    portion = next(self._portions, None)
    if portion is None:
      return None
    choice, inside = self._choice, self._place.inside
    wanted = [(name, choice.file(name)) for name in portion.names]
    paths = [_join(inside, name) for name, want in wanted if want]
    folders, links = (list(filter(choice.folder, names)) for names in (portion.folders, portion.links))
    return _Names(
      folders,
      [_join(inside, link) for link in links],
      found=[(_join(inside, name), None) for name, want in wanted if want is False],
      asks=[_Ask(self._place.root, batch) for batch in _batches(paths, _BATCH)],
      is_last=sum(map(len, portion)) < _PORTION,
    ).with_few_asked()

  def take(self, answer: '_Names | None') -> tuple[Iterable[Found], Iterable[Step]]:
    if answer is None:
      return (), ()
    self._links += answer.links
    scans = (_Scan(below, self._choice, self._links, self._seen) for below in self._new(answer.folders))
    return answer.found, _following(answer.asks, scans, [] if answer.is_last else [self])

  def _new(self, folders: Sequence[str]) -> Iterator[_Place]:
    for name in folders:
      below = self._place.below(name)
      if below.real not in self._seen:
        self._seen.add(below.real)
        yield below


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


@dataclasses.dataclass(frozen=True)
class _List:
  """Lists a folder by TensorFlow's file layer, which does not say what of it are folders."""

  root: str
  inside: str
  choice: Choice

  @property
  def uri(self) -> str:
    return _join(self.root, self.inside) if self.inside else self.root

  def ask(self) -> list[str]:
    try:
      return [name.rstrip('/') for name in files.gfile(self.uri).listdir(self.uri)]
    except files.not_found(self.uri):
      return []
    except files.errors(self.uri) as error:
      raise file_status.no_answer(self.uri, error) from error

  def take(self, answer: list[str]) -> tuple[Iterable[Found], Iterable[Step]]:
    chosen = (name for name in answer if name and (self.choice.folder(name) or self.choice.file(name) is not None))
    return (), (_AskRemote(self, batch) for batch in _batches(chosen, _REMOTE_BATCH))


@dataclasses.dataclass(frozen=True)
class _AskRemote:
  """Asks for files and folders, by their names in a folder."""

  where: _List
  names: Sequence[str]

  def ask(self) -> list[Status]:
    return [self._status(name) for name in self.names]

  def _status(self, name: str) -> Status:
    where = self.where
    status = file_status.of(uri := _join(where.uri, name))
    # TensorFlow's s3:// says of a folder whose listing is refused that there is none.
    if status == Status() and where.choice.file(name) is None and name in where.ask():
      raise DataError(f'{uri}: cannot be read, although it is there. Expected a folder that may be listed.')
    return status

  def take(self, answer: list[Status]) -> tuple[Iterable[Found], Iterable[Step]]:
    choice, inside = self.where.choice, self.where.inside
    found: list[Found] = []
    lists = []
    for name, status in zip(self.names, answer, strict=True):
      path = _join(inside, name)
      if not status.is_folder and (want := choice.file(name)) is not None:
        found.append((path, status if want else None))
      elif status.is_folder and choice.folder(name):
        lists.append(_List(self.where.root, path, choice))
    return found, lists


def _join(inside: str, name: str) -> str:
  return f'{inside}/{name}' if inside else name


def _batches(items: Iterable[str], size: int) -> Iterator[list[str]]:
  items = iter(items)
  while batch := list(itertools.islice(items, size)):
    yield batch
