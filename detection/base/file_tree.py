"""Walks a folder of any size: its files with what is known of them, several folders and files asked for at a time.

A store or a network mount answers each request slowly, and many together. Memory does not grow with the number of
files; but TensorFlow's file layer (gs://, and s3:// on the legacy stack) gives all names of a folder at once.

Several processes can walk a folder, a part each (see branches.py): `divide` gives the parts, and `rest` those with what
is left, as two of them may lead there: links to local folders, and folders beside files that are divided.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from detection.base import branches, file_status, files, local_tree, s3_listing, threaded_steps
from detection.base.branches import Branch, Choice, Division, Found, Part
from detection.base.errors import DataError
from detection.base.file_status import Status
from detection.base.threaded_steps import Step

_REMOTE_BATCH, _REMOTE_THREADS = 8, 64
_FILES_TO_DIVIDE = 40_000  # in S3; then it is known where there are many


def walk(root: str, choice: Choice, part: Part = branches.ALL, left: list[str] | None = None) -> Iterator[Found]:
  """(path below `root`, its Status or None if that is not needed) of all chosen files, in no order.

  Links to local folders are followed, once each, and not if the folder itself is walked. A local folder that cannot be
  read is left out.

  Args:
    root: the folder.
    choice: what is walked.
    part: of the folder; all by default.
    left: gets the paths of what has to be walked by `rest`.

  Raises:
    DataError: if a store does not answer.
  """
  left = [] if left is None else left
  if not files.is_remote(root):
    return local_tree.walk(root, choice, part, left)
  if files.tensorflow_opens(root):
    lists = [_List(root.rstrip('/'), branch.inside, choice) for branch in part.branches]
    return threaded_steps.run(lists, _REMOTE_THREADS)
  return s3_listing.walk(root, choice.folder, choice.file, part.branches, left)


def divide(root: str, choice: Choice) -> Division:
  """Divides a folder by reading names of local folders, or by listing some of a folder in S3.

  TensorFlow's file layer does not say what of a folder are folders, so that it is not divided; nor are the files of one
  local folder, as there is no way to read only some of its names.
  """
  if not files.is_remote(root):
    return local_tree.divide(root, choice)
  if files.tensorflow_opens(root):
    return Division((Part((Branch(),)),), leaves=False)
  return Division(branches.grouped(s3_listing.divide(root, choice.folder, choice.file, _FILES_TO_DIVIDE)))


def rest(root: str, parts: Iterable[Part], left: Iterable[str]) -> tuple[Part, ...]:
  """Parts with all that `parts` have left."""
  known = {branch.inside for part in parts for branch in part.branches}
  new = sorted(set(left) - known)
  if not new:
    return ()
  if not files.is_remote(root):
    return (Part(links=tuple(new), follows=True),)
  return branches.grouped([Branch(inside) for inside in new])


@dataclasses.dataclass(frozen=True)
class _List:
  """Lists a folder by TensorFlow's file layer, which does not say what of it are folders."""

  root: str
  inside: str
  choice: Choice

  @property
  def uri(self) -> str:
    return branches.join(self.root, self.inside) if self.inside else self.root

  def ask(self) -> list[str]:
    try:
      return [name.rstrip('/') for name in files.gfile(self.uri).listdir(self.uri)]
    except files.not_found(self.uri):
      return []
    except files.errors(self.uri) as error:
      raise file_status.no_answer(self.uri, error) from error

  def take(self, answer: list[str]) -> tuple[Iterable[Found], Iterable[Step]]:
    chosen = (name for name in answer if name and (self.choice.folder(name) or self.choice.file(name) is not None))
    return (), (_AskRemote(self, batch) for batch in branches.batches(chosen, _REMOTE_BATCH))


@dataclasses.dataclass(frozen=True)
class _AskRemote:
  """Asks for files and folders, by their names in a folder."""

  where: _List
  names: Sequence[str]

  def ask(self) -> list[Status]:
    return [self._status(name) for name in self.names]

  def _status(self, name: str) -> Status:
    where = self.where
    status = file_status.of(uri := branches.join(where.uri, name))
    # TensorFlow's s3:// says of a folder whose listing is refused that there is none.
    if status == Status() and where.choice.file(name) is None and name in where.ask():
      raise DataError(f'{uri}: cannot be read, although it is there. Expected a folder that may be listed.')
    return status

  def take(self, answer: list[Status]) -> tuple[Iterable[Found], Iterable[Step]]:
    choice, inside = self.where.choice, self.where.inside
    found: list[Found] = []
    lists = []
    for name, status in zip(self.names, answer, strict=True):
      path = branches.join(inside, name)
      if not status.is_folder and (want := choice.file(name)) is not None:
        found.append((path, status if want else None))
      elif status.is_folder and choice.folder(name):
        lists.append(_List(self.where.root, path, choice))
    return found, lists
