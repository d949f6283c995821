"""Walks a folder in S3 with several requests at a time, in a memory that does not grow with the number of files.

A store lists a folder page by page, a thousand names each, and only the page before tells where the next one begins.
But a listing may begin behind any name: so a folder of many pages is divided in two, each half is listed by itself, and
divided again. To find where there are names, a single one is asked for behind a guess.
"""

import bisect
import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator

from detection.base import file_status, s3, threaded_steps
from detection.base.branches import Branch, Found
from detection.base.errors import DataError
from detection.base.file_status import Status
from detection.base.threaded_steps import Step

_THREADS = 10  # as many connections as botocore keeps
_PAGES = 2  # of a folder that are listed before it is divided
_MOST_PARTS = 2 * _THREADS  # of one folder that are listed at a time
_LAST = '\x7f'  # no name of ASCII characters lies behind it
_SURELY_WHOLE = 'Expected names in order. Copy the folder to another store, or to a disk.'
Enters = Callable[[str], bool]
Wants = Callable[[str], bool | None]


def walk(
  root: str, folder: Enters, file: Wants, branches: Iterable[Branch] = (Branch(),), left: list[str] | None = None
) -> Iterator[Found]:
  """See file_tree.walk. folder, file: see branches.Choice. left: gets folders in branches that are not whole."""
  parts = []
  for branch in branches:
    inside = f'{branch.inside}/' if branch.inside else ''
    unwalked = None if branch.is_whole else left
    parts.append(_Part(_Folder(_top(root), inside, folder, file, unwalked), branch.after, branch.until))
  return threaded_steps.run(map(_Page, parts), _THREADS)


def divide(root: str, folder: Enters, file: Wants, count: int) -> list[Branch]:
  """What there is, in the parts in which it is being listed when so many files are found.

  They leave folders of which a branch is known, too.
  """
  parts: list[_Part] = []
  first = _Part(_Folder(_top(root), '', folder, file, made=parts))
  with contextlib.closing(threaded_steps.run([_Page(first)], _THREADS)) as found:
    next(itertools.islice(found, count, None), None)
  return [part.branch for part in parts]


def _top(root: str) -> str:
  return root.rstrip('/') + '/'


@dataclasses.dataclass
class _Folder:
  """A folder that is listed.

  Attributes:
    top: the URI of what is walked, with a slash at its end.
    inside: the folder's path from there, with a slash at its end, or ''.
    enters, wants: whether to walk a folder, and to yield a file, of this name; see branches.Choice.
    left: gets the paths of its folders; None if they are walked.
    made: gets all parts of the walk; None if nobody asks for them.
    parts: how many of its parts are being listed.
    may_divide: whether the store has shown that it lists names in order, behind any name.
    seen: its folders, since two parts may list one.
  """

  top: str
  inside: str
  enters: Enters
  wants: Wants
  left: list[str] | None = None
  made: 'list[_Part] | None' = None
  parts: int = 1
  may_divide: bool = True
  seen: set[str] = dataclasses.field(default_factory=set)

  @property
  def uri(self) -> str:
    return self.top + self.inside

  def below(self, name: str) -> '_Folder':
    return _Folder(self.top, f'{self.inside}{name}/', self.enters, self.wants, made=self.made)

  def page(self, token: str = '', after: str = '', most: int | None = None) -> s3.Page:
    try:
      return s3.page(self.uri, token, after, most)
    except OSError as error:
      raise file_status.no_answer(self.uri, error) from error


@dataclasses.dataclass
class _Part:
  """The names in a folder behind `after`, up to and with `until`; changed only where answers are taken.

  Attributes:
    beyond: a string; between it and `until` there are hardly names. '' if that is not known.
    last: the last name that was listed.
    pages: how many were.
    is_probed: whether an answer is awaited that may divide it.
    is_done: whether all its names were listed.
  """

  folder: _Folder
  after: str = ''
  until: str = ''
  beyond: str = ''
  last: str = ''
  pages: int = 0
  is_probed: bool = False
  is_done: bool = False

  def __post_init__(self) -> None:
    if self.folder.made is not None:
      self.folder.made.append(self)

  @property
  def branch(self) -> Branch:
    """The same for another walk. Of a folder that was listed in part, folders that come later are left."""
    is_whole = not (self.pages or self.after)
    return Branch(self.folder.inside.rstrip('/'), is_whole, self.after, self.until)

  def probes(self) -> Iterator[Step]:
    """The request, if one is worth it, that may divide what is left of it."""
    folder, low, high = self.folder, self.last or self.after, self.beyond or self.until
    if self.is_probed or self.is_done or not folder.may_divide or folder.parts >= _MOST_PARTS:
      return
    guess = between(low, high) if high else ''
    if guess or not high:
      self.is_probed = True
      yield _Probe(self, guess) if high else _Shared(self, low, 0, len(low) + 1)


@dataclasses.dataclass
class _Page:
  """Lists a page of a part."""

  part: _Part
  token: str = ''

  def ask(self) -> s3.Page:
    return self.part.folder.page(self.token, '' if self.token else self.part.after)

  def take(self, answer: s3.Page) -> tuple[Iterable[Found], Iterable[Step]]:
    part, folder = self.part, self.part.folder
    names = [name for name, _, _ in answer.files]
    self._require_order(names)
    here = len(names)
    if part.until:  # it may have been divided while this page was on its way
      here = bisect.bisect_right(names, part.until)
    part.last, part.pages = names[here - 1] if here else part.last, part.pages + 1
    found = [
      (folder.inside + name, Status(size, mark) if want else None)
      for name, size, mark in answer.files[:here]
      if (want := folder.wants(name)) is not None
    ]
    new = [name for name in answer.folders if name not in folder.seen and folder.enters(name)]
    folder.seen.update(new)
    following: list[Step] = []
    if folder.left is None:
      following += (_Page(_Part(folder.below(name))) for name in new)
    else:
      folder.left += (folder.inside + name for name in new)
    if not answer.token or (part.until and names and names[-1] >= part.until):
      folder.parts, part.is_done = folder.parts - 1, True
      return found, following
    probes = part.probes() if part.pages >= _PAGES or part.after else ()
    return found, [_Page(part, answer.token), *probes, *following]

  def _require_order(self, names: list[str]) -> None:
    """Without order a folder is not divided; that is seen in its first pages."""
    folder, low = self.part.folder, self.part.last or self.part.after
    if any(one >= other for one, other in zip([low, *names], names, strict=False)):
      if self.part.after or self.part.until:
        raise DataError(f'{folder.uri}: its store does not list names in order. {_SURELY_WHOLE}')
      folder.may_divide = False


@dataclasses.dataclass
class _Probe:
  """Asks for the first name behind a guess, to divide a part there."""

  part: _Part
  guess: str

  def ask(self) -> s3.Page:
    return self.part.folder.page(after=self.guess, most=1)

  def take(self, answer: s3.Page) -> tuple[Iterable[Found], Iterable[Step]]:
    part, folder = self.part, self.part.folder
    part.is_probed = False
    name = answer.files[0][0] if answer.files else ''
    if part.is_done:
      return (), ()
    # Folders among many files are rare; a name before the guess comes from a store that always lists from the start.
    if answer.folders or (name and name <= self.guess):
      folder.may_divide = False
    elif not name or (part.until and name >= part.until):
      part.beyond = self.guess
      return (), part.probes()
    elif name > part.last:
      right = _Part(folder, name, part.until, part.beyond)
      part.until, part.beyond = name, ''
      folder.parts += 1
      return (), [_Page(right)]
    return (), ()


@dataclasses.dataclass
class _Shared:
  """Finds how many first characters all names that are left share, by halves: names may be long, and begin alike.

  Attributes:
    part: what is left.
    name: the one listed last.
    known: so many are shared.
    wrong: so many are not.
  """

  part: _Part
  name: str
  known: int
  wrong: int

  @property
  def _guess(self) -> int:
    return (self.known + self.wrong) // 2

  def ask(self) -> s3.Page:
    return self.part.folder.page(after=self.name[: self._guess] + _LAST, most=1)

  def take(self, answer: s3.Page) -> tuple[Iterable[Found], Iterable[Step]]:
    if answer.files or answer.folders:
      self.wrong = self._guess
    else:
      self.known = self._guess
    if self.wrong - self.known > 1 and not self.part.is_done:
      return (), [self]
    self.part.beyond, self.part.is_probed = self.name[: self.known] + _LAST, False
    return (), self.part.probes()


def between(low: str, high: str) -> str:
  """A string about halfway between two, to guess with; '' if none is worth it."""
  bounded = True  # up to where the two differ
  for place in range(len(low) + 1):
    if bounded and place == len(high):
      break
    below = ord(low[place]) if place < len(low) else 0x1F  # what names consist of is above
    above = ord(high[place] if bounded else _LAST)
    if above - below > 1:
      middle = (above + below) // 2
      return '' if 0xD800 <= middle < 0xE000 else low[:place] + chr(middle)  # the halves of a pair are no characters
    if above > below and bounded and len(high) > place + 1:
      return high[: place + 1]
    if above < below:
      break
    bounded = bounded and above == below
  return ''
