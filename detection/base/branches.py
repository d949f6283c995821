"""What of a folder is walked, and how that is divided, so that several processes can walk it; see file_tree.py."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from detection.base.file_status import Status

Found = tuple[str, Status | None]  # a path below the root, and what is known of the file
_MOST_PARTS = 100
_NAMES_OF_A_PART = 25_000


@dataclasses.dataclass(frozen=True)
class Choice:
  """What is walked: each is asked with a name.

  Attributes:
    folder: whether to walk this folder.
    file: whether to yield this file, with its status (True) or without (False); None for not at all.
  """

  folder: Callable[[str], bool]
  file: Callable[[str], bool | None]


class Branch(NamedTuple):
  """A folder that is walked.

  Attributes:
    inside: its path below the root; '' for the root itself.
    is_whole: whether the folders in it are walked, too; if not, it is its own files alone.
    after, until: in a store, only files with names behind the one, up to the other; '' for no such bound.
    names: how many there are in it; 0 if that is not known.
  """

  inside: str = ''
  is_whole: bool = True
  after: str = ''
  until: str = ''
  names: int = 0


class Part(NamedTuple):
  """Some of what is below a root, for one process. Picklable.

  Attributes:
    branches: what is walked.
    links: to local folders; where these lead to is walked as well, if no branch of any part leads there.
    follows: whether links that are found are followed, too. If not, they are left to another part.
  """

  branches: tuple[Branch, ...] = ()
  links: tuple[str, ...] = ()
  follows: bool = False


ALL = Part((Branch(),), follows=True)


class Division(NamedTuple):
  """A folder in parts.

  Attributes:
    parts: they are the whole together, but for what they leave.
    names: how many they have; None if that is not known.
    leaves: whether they may leave something: False if they do not, unless the folder changes.
    examples: names of some files that are chosen.
  """

  parts: tuple[Part, ...]
  names: int | None = None
  leaves: bool = True
  examples: tuple[str, ...] = ()


def grouped(branches: Sequence[Branch], names: int | None = None) -> tuple[Part, ...]:
  """Parts with about as many names each. names: of all branches; None if that is not known."""
  most = _MOST_PARTS if names is None else min(_MOST_PARTS, -(-names // _NAMES_OF_A_PART))
  count = max(1, min(len(branches), most))
  ordered = sorted(branches, key=lambda branch: branch.names, reverse=True)
  return tuple(Part(tuple(ordered[index::count])) for index in range(count))


def join(inside: str, name: str) -> str:
  """The path of what has this name in a folder below the root."""
  return f'{inside}/{name}' if inside else name


def batches(items: Iterable[str], size: int) -> Iterator[list[str]]:
  """So many items at a time."""
  items = iter(items)
  while batch := list(itertools.islice(items, size)):
    yield batch
