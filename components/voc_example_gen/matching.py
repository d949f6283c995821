"""Finds the image of each annotation, by names alone. Only listed paths are ever returned, whatever a name says."""

import functools
import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.splits import folders


class _Parts(NamedTuple):
  """A path below the data folder, split once for all comparisons: its folders' names, and its stem in one spelling."""

  path: str
  folders: tuple[str, ...]
  stem: str

  @classmethod
  def of(cls, path: str) -> '_Parts':
    *above, name = path.split('/')
    return cls(path, tuple(above), _folded(posixpath.splitext(name)[0]))


def pair_by_stem(annotations: Sequence[str], images: Sequence[str]) -> tuple[dict[str, str], list[str]]:
  """Gives each annotation the nearest image of the same stem, each image at most once.

  Nearest: the same folder; then the most folder names in common, from the top and just above the file together
  (day/labels/1.xml and day/images/1.jpg; Annotations/day/1.xml and JPEGImages/day/1.jpg).

  Args:
    annotations, images: paths below the data folder.

  Returns:
    {annotation path: image path}, and the annotations without an image, in their order.
  """
  pairs: dict[str, str] = {}
  free, free_images = [_Parts.of(path) for path in annotations], [_Parts.of(path) for path in images]
  deepest = max((len(file.folders) for file in (*free, *free_images)), default=0)
  # One pass for each degree of nearness, over groups of files that agree in it. So a hundred scenes that all have a
  # 0001.jpg are compared within a hundred small groups, not all with all.
  agreements = [(total - below, below) for total in range(deepest, -1, -1) for below in range(total, -1, -1)]
  for agreement in (None, *agreements):
    found = _pair_within_groups(free, free_images, agreement)
    pairs |= found
    taken = set(found.values())
    free = [annotation for annotation in free if annotation.path not in found]
    free_images = [image for image in free_images if image.path not in taken]
    if not free:
      break
  return pairs, [annotation.path for annotation in free]


def _pair_within_groups(
  annotations: Sequence[_Parts], images: Sequence[_Parts], agreement: tuple[int, int] | None
) -> dict[str, str]:
  """Pairs files of one stem whose folders agree.

  agreement: how many folder names must be equal, counted from the top and from the file upwards; None: all of them.
  """

  def group(file: _Parts) -> tuple[object, ...]:
    if agreement is None:
      return (file.folders, file.stem)
    top, above = agreement
    if top + above > len(file.folders):
      return (file.path,)  # has fewer folders: a group of its own
    return (file.folders[:top], file.folders[len(file.folders) - above :], file.stem)

  by_group: dict[tuple[object, ...], list[str]] = defaultdict(list)
  for image in images:
    by_group[group(image)].append(image.path)
  pairs: dict[str, str] = {}
  taken: set[str] = set()
  candidates = [
    (_distance(annotation.path, path), annotation.path, path)
    for annotation in annotations
    for path in by_group.get(group(annotation), ())
  ]
  for _, annotation_path, image_path in sorted(candidates):
    if annotation_path not in pairs and image_path not in taken:
      pairs[annotation_path] = image_path
      taken.add(image_path)
  return pairs


class Names:
  """Finds paths by the names that annotations give them: with any slashes, any extension. Gives out each path once."""

  def __init__(self, paths: Iterable[str]) -> None:
    self._paths = tuple(paths)
    self._taken: set[str] = set()

  # Computed when first needed: most folders never need them.
  @functools.cached_property
  def _by_path(self) -> dict[str, str]:
    return {_folded(path): path for path in self._paths}

  @functools.cached_property
  def _by_name(self) -> dict[str, list[str]]:
    return _grouped(self._paths, lambda path: _folded(posixpath.basename(path)))

  @functools.cached_property
  def _by_stem(self) -> dict[str, list[str]]:
    return _grouped(self._paths, _stem)

  def take(self, beside: str, *names: str) -> str | None:
    """The nearest path to `beside` called like one of `names`: file names or paths of any system, any extension."""
    for name in names:
      spelling = _folded(name.replace('\\', '/').strip()).removeprefix('./')
      path = self._exact(beside, spelling) or self._nearest(beside, spelling)
      if path:
        self._taken.add(path)
        return path
    return None

  def _exact(self, beside: str, spelling: str) -> str | None:
    """The free path that `spelling` names, from the folder of `beside` or from the root."""
    for exact in (posixpath.join(_folded(posixpath.dirname(beside)), spelling), spelling):
      path = self._by_path.get(exact)
      if path is not None and path not in self._taken:
        return path
    return None

  def _nearest(self, beside: str, spelling: str) -> str | None:
    """The free path with the file name or stem of `spelling` that is nearest."""
    *above, last = spelling.split('/')
    above.reverse()

    def distance(path: str) -> tuple[object, ...]:
      # Folders that the name gives decide first: 'day/1.jpg' is not 'night/1.jpg'.
      return (-_common(above, _folded(path).split('/')[-2::-1]), *_distance(beside, path), path)

    for index, key in ((self._by_name, last), (self._by_stem, last), (self._by_stem, posixpath.splitext(last)[0])):
      free = [path for path in index.get(key, ()) if path not in self._taken]
      if free:
        return min(free, key=distance)
    return None

  def knows(self, name: str) -> bool:
    """Whether a path of this name exists, given out or not."""
    last = _folded(name.replace('\\', '/').rpartition('/')[2].strip())
    return last in self._by_name or last in self._by_stem or posixpath.splitext(last)[0] in self._by_stem


def match_entries(
  data_format: str, path: str, annotations: Iterable[Annotation], names: Names
) -> tuple[list[Item], list[Refusal]]:
  """Gives the annotations of one file their images.

  Args:
    data_format: the format's name.
    path: of the annotation file, which holds many images.
    annotations: its entries, each with the file name of its image.
    names: of all images of the folder; those that are found are taken from it.

  Returns:
    An item for each annotation whose image is there, and a refusal for each other.
  """
  items: list[Item] = []
  refused: list[Refusal] = []
  hint = folders.split_in_file_name(path)
  for annotation in annotations:
    image = names.take(path, annotation.filename)
    if image:
      items.append(Item(image, data_format, annotation=annotation, split_hint=hint))
    else:
      refused.append(refuse_unmatched(path, annotation.filename, names))
  return items, refused


def refuse_unmatched(path: str, name: str, names: Names) -> Refusal:
  """Refuses an annotation that got no image: another annotation has that image, or there is none.

  Args:
    path: of the annotation file.
    name: what it calls its image.
    names: of all images of the folder.
  """
  if names.knows(name):
    return Refusal(path, Reason.ANNOTATION_TWICE, f'"{name[:200]}" is annotated more than once')
  return Refusal(
    path, Reason.ANNOTATION_WITHOUT_IMAGE, f'names "{name[:200] or "no image"}", which is not in the folder'
  )


def _grouped(paths: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
  groups = defaultdict(list)
  for path in paths:
    groups[key(path)].append(path)
  return groups


def _stem(path: str) -> str:
  return _folded(posixpath.splitext(posixpath.basename(path))[0])


def _folded(name: str) -> str:
  """A name in the spelling that is compared: Unicode NFC, without case."""
  return name.lower() if name.isascii() else unicodedata.normalize('NFC', name).casefold()


def _distance(a: str, b: str) -> tuple[int, int, int]:
  """A sort key: the smaller, the nearer `a` is to `b`. An equal stem comes before one that differs in case."""
  first, second = a.split('/'), b.split('/')
  exact = posixpath.splitext(first[-1])[0] == posixpath.splitext(second[-1])[0]
  first, second = first[:-1], second[:-1]
  if first == second:
    return (0 if exact else 1, -1_000_000, 0)
  shared_above = _common(reversed(first), reversed(second))
  shared_below = _common(first, second)
  return (0 if exact else 1, -shared_above, len(first) + len(second) - 2 * shared_below)


def _common(a: Iterable[str], b: Iterable[str]) -> int:
  """How many names are equal, counted from the start."""
  count = 0
  for x, y in zip(a, b, strict=False):
    if x != y:
      break
    count += 1
  return count
