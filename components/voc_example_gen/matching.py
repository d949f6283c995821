"""Finds images by the names that annotations give them. Only listed paths are ever returned, whatever a name says."""

import functools
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from components.voc_example_gen import folder_roles, listing, spelling
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.splits import folders


class Match(NamedTuple):
  """The image that a name stands for.

  Attributes:
    path: of the image; '' if there is none, or if there are several and nothing says which.
    several: all images that fit, if nothing says which.
    passed_over: images of the same name that only the words in their folders' names speak against.
  """

  path: str = ''
  several: tuple[str, ...] = ()
  passed_over: tuple[str, ...] = ()


class Names:
  """Finds paths by the names that annotations give them: with any slashes, any extension, percent-encoded or not."""

  def __init__(self, paths: Iterable[str]) -> None:
    self._paths = tuple(paths)

  # Computed when first needed: most folders never need them.
  @functools.cached_property
  def _by_path(self) -> dict[str, str]:
    return {spelling.folded(path): path for path in self._paths}

  @functools.cached_property
  def _by_name(self) -> dict[str, list[str]]:
    return _grouped(self._paths, spelling.file_name)

  @functools.cached_property
  def _by_stem(self) -> dict[str, list[str]]:
    return _grouped(self._paths, spelling.stem)

  @functools.cached_property
  def derived(self) -> frozenset[str]:
    """See folder_roles.derived_folders."""
    return folder_roles.derived_folders(self._paths)

  @functools.cached_property
  def splits(self) -> frozenset[str]:
    """All splits that the folders of paths tell."""
    return frozenset(map(folder_roles.split_of, self._paths))

  def find(self, beside: str, *names: str) -> Match:
    """The image called like one of `names`: file names or paths of any system, any extension.

    Of several with one file name: the one at the path that is named, from the folder of `beside` or from the root;
    else the one with most of the named folders; then of the split, and of the folder, that the name or folder of
    `beside` tells; then the one with most folders in common with `beside`; then a folder such as images.

    Args:
      beside: path of the annotation file.
      names: what it calls the image; the first that fits counts.
    """
    for name in names:
      for written in dict.fromkeys((name, spelling.decoded(name))):
        path = spelling.folded(written.replace('\\', '/').strip()).removeprefix('./')
        found = self._exact(beside, path) or self._narrowed(beside, path)
        if found.path or found.several:
          return found
    return Match()

  def _exact(self, beside: str, path: str) -> Match | None:
    """The image at `path`, from the folder of `beside` or, if it names a folder, from the root."""
    from_root = [path] if '/' in path else []
    for exact in (posixpath.join(spelling.folded(posixpath.dirname(beside)), path), *from_root):
      if exact in self._by_path:
        return Match(self._by_path[exact])
    return None

  def _narrowed(self, beside: str, path: str) -> Match:
    """The image with the file name or stem of `path`."""
    *above, last = path.split('/')
    for index, key in ((self._by_name, last), (self._by_stem, last), (self._by_stem, posixpath.splitext(last)[0])):
      fitting = self._of_split(beside, above, self._in_named_folders(above[::-1], index.get(key, [])))
      if len(fitting) == 1:
        return Match(fitting[0])
      if fitting:
        return _choose(beside, fitting)
    return Match()

  def _in_named_folders(self, above: list[str], fitting: list[str]) -> list[str]:
    """Those with most of the folders that the name gives, the innermost first; masks only if it gives their folder."""
    if len(fitting) == 1 and posixpath.dirname(fitting[0]) not in self.derived:
      return fitting
    shared = {path: spelling.common(above, spelling.folded(path).split('/')[-2::-1]) for path in fitting}
    best = _highest(fitting, shared.__getitem__)
    return [path for path in best if shared[path] or posixpath.dirname(path) not in self.derived]

  def _of_split(self, beside: str, above: list[str], fitting: list[str]) -> list[str]:
    """Those in the split that the name or the annotation file is of; those in none, if the folder does not divide so.

    Of the folders that the name gives, two count: those further out are of the machine it was written on.
    """
    split = folder_roles.split_of_folder('/'.join(above[-2:])) or folders.split_in_file_name(beside)
    split = split or folder_roles.split_of(beside)
    if not split:
      return fitting
    same = [path for path in fitting if folder_roles.split_of(path) == split]
    return same or [path for path in fitting if not folder_roles.split_of(path) or split not in self.splits]

  def knows(self, name: str) -> bool:
    """Whether a path of this name exists."""
    last = spelling.file_name(name)
    return last in self._by_name or last in self._by_stem or posixpath.splitext(last)[0] in self._by_stem


def _choose(beside: str, fitting: list[str]) -> Match:
  """One of several images of one file name; see Names.find.

  Args:
    beside: path of the annotation file.
    fitting: at least two paths.
  """
  own = f'_{"_".join(_words(posixpath.splitext(posixpath.basename(beside))[0]))}_'
  home = posixpath.dirname(beside).split('/')
  # The higher, the better: day.json describes day/1.jpg, and so does day/a.json.
  certain: tuple[Callable[[str], int], ...] = (
    lambda path: posixpath.splitext(path)[1].lower() not in listing.UNREADABLE_SUFFIXES,
    lambda path: any(f'_{"_".join(words)}_' in own for name in path.split('/')[:-1] if (words := _words(name))),
    lambda path: spelling.common(home, posixpath.dirname(path).split('/')),
  )
  for measure in certain:
    fitting = _highest(fitting, measure)
  best = _highest(fitting, lambda path: folder_roles.IMAGE in folder_roles.roles_of_folder(posixpath.dirname(path)))
  if len(best) > 1:
    return Match(several=tuple(sorted(fitting)))
  return Match(best[0], passed_over=tuple(path for path in fitting if path != best[0]))


def _highest(paths: list[str], measure: Callable[[str], int]) -> list[str]:
  if len(paths) == 1:
    return paths
  values = [measure(path) for path in paths]
  return [path for path, value in zip(paths, values, strict=True) if value == max(values)]


def _words(name: str) -> list[str]:
  """The words of a folder's or file's name, without those that tell no folder from another: images, labels, train."""
  parts = ''.join(letter if letter.isalnum() else ' ' for letter in spelling.folded(name)).split()
  return [word for word in parts if not folder_roles.role_of_name(word) and not folder_roles.split_in_name(word)]


def refuse_unmatched(path: str, name: str, names: Names) -> Refusal:
  """Refuses an annotation that got no image: another annotation has that image, or there is none.

  Args:
    path: of the annotation file.
    name: what it calls its image.
    names: of all images of the folder.
  """
  if names.knows(name):
    return Refusal(path, Reason.ANNOTATION_TWICE, f'"{name[:200]}" is annotated more than once')
  suffix = posixpath.splitext(spelling.file_name(name))[1]
  where = 'which is not in the folder'
  if suffix in listing.UNLISTED_SUFFIXES:
    where = f'and no image of this name was found; files with the extension {suffix} are not read'
  return Refusal(path, Reason.ANNOTATION_WITHOUT_IMAGE, f'names "{name[:200] or "no image"}", {where}')


def refuse_other_file(path: str, name: str, image: str) -> Refusal:
  """Refuses an entry of a file with another extension than the image of its stem, which has an entry of its own."""
  detail = f'names "{name[:200]}", which is not in the folder; {image} has another entry'
  return Refusal(path, Reason.ANNOTATION_WITHOUT_IMAGE, detail)


def refuse_several(path: str, name: str, several: Iterable[str]) -> Refusal:
  """Refuses an annotation that fits several images equally well."""
  detail = f'"{name[:200]}" fits these images, and nothing says which: {spelling.some(sorted(several))}'
  return Refusal(path, Reason.ANNOTATION_AMBIGUOUS, detail)


def _grouped(paths: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
  groups = defaultdict(list)
  for path in paths:
    groups[key(path)].append(path)
  return groups
