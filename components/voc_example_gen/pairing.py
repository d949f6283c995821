"""Pairs annotations of one file an image with their images, by names alone. Only listed paths are ever returned."""

import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from components.voc_example_gen import agreement, folder_roles, listing, ordinary_pairs, spelling
from components.voc_example_gen.agreement import File
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.spelling import some

NamesInside = Callable[[str], Iterable[str]]


class Pairing(NamedTuple):
  """Which image each annotation file describes.

  Attributes:
    pairs: {annotation path: image path}; no image twice.
    alone: annotations for which no image was found, in their order.
    refused: annotations that fit several images equally well.
    warnings: one sentence about images that were chosen among several of one name, if there are any.
    second: {annotation of `alone`: (image of its name, the annotation that has it)}; the latter is '' if the image is
      in another split.
  """

  pairs: dict[str, str]
  alone: list[str]
  refused: tuple[Refusal, ...] = ()
  warnings: tuple[str, ...] = ()
  second: Mapping[str, tuple[str, str]] = MappingProxyType({})

  def refuse_second(self, path: str, same: Callable[[str], bool]) -> Refusal | None:
    """Refuses an annotation whose image has another one, or is of another split; None if no image has its name.

    Args:
      path: of an annotation of `alone`.
      same: tells whether the annotation at another path says the same; that is no fault.
    """
    if path not in self.second:
      return None
    image, other = self.second[path]
    if not other:
      return Refusal(path, Reason.ANNOTATION_WITHOUT_IMAGE, f'{image} has this name, but is in another split')
    if same(other):
      return Refusal(path, Reason.ANNOTATION_REPEATED, f'says the same as {other}')
    return Refusal(path, Reason.ANNOTATION_TWICE, f'{image} is annotated more than once; {other} is used')


def pair_by_stem(
  annotations: Sequence[str], images: Sequence[str], names_inside: NamesInside = lambda path: ()
) -> Pairing:
  """Gives each annotation the image of the same stem, each image at most once.

  Of several images of one stem: the one that the annotation names with its extension; then by folder: images/ for
  labels/, the annotation's own folder, the folder that is equal but for such words; then the one with the most folder
  names in common, from the top and just above the file together. Never across splits (train/1.xml, test/1.jpg).
  A name that fits no image is tried again without percent-encoding and without an image's extension (a.jpg.txt).

  Args:
    annotations, images: paths below the data folder.
    names_inside: gives the names that an annotation file calls its image by. Asked only where images of one stem differ
      in their extension.
  """
  if (pairs := ordinary_pairs.find(annotations, images)) is not None:
    return Pairing(pairs, [])
  search = _Search([File.of(path) for path in images], names_inside)
  search.pair([File.of(path) for path in annotations])
  search.pair([file for path in search.undecided(annotations) for file in agreement.other_spellings(path)])
  search.revoke_derived()
  refused = [_refuse(path, fitting) for path, fitting in sorted(search.ambiguous.items())]
  drawn = search.revoke_drawn(annotations)
  refused += [
    Refusal(path, Reason.NOT_FOR_DETECTION, f'taken for predictions: {original} has other labels')
    for path, original in drawn.items()
  ]
  alone = [path for path in search.undecided(annotations) if path not in drawn]
  return Pairing(search.pairs, alone, tuple(refused), search.warnings(), search.second(alone))


def _refuse(path: str, fitting: Sequence[File]) -> Refusal:
  names = some(sorted(image.path for image in fitting))
  return Refusal(path, Reason.ANNOTATION_AMBIGUOUS, f'fits these images by name, and nothing says which: {names}')


class _Search:
  """Pairs annotations with the images that are still free; what is decided stays decided.

  Attributes:
    pairs: {annotation path: image path} so far.
    ambiguous: {annotation path: images that fit it equally well}.
  """

  def __init__(self, images: Sequence[File], names_inside: NamesInside) -> None:
    self.pairs: dict[str, str] = {}
    self.ambiguous: dict[str, list[File]] = {}
    self._names_inside = names_inside
    self._by_stem: dict[str, list[File]] = defaultdict(list)
    for image in images:
      self._by_stem[image.stem].append(image)
    self._derived = folder_roles.derived_folders(image.path for image in images)
    self._taken: set[str] = set()
    self._unsure: dict[File, File] = {}  # pairs that only the nearness of folders decided
    self._doubtful: dict[File, Container[str] | None] = {}  # {annotation: images that it names, if it names any}

  def undecided(self, paths: Iterable[str]) -> list[str]:
    """Those of these annotations that have got no image and fit no several images."""
    return [path for path in paths if path not in self.pairs and path not in self.ambiguous]

  def pair(self, annotations: Sequence[File]) -> None:
    """Pairs what can be paired."""
    by_stem: dict[str, list[File]] = defaultdict(list)
    for annotation in annotations:
      by_stem[annotation.stem].append(annotation)
    waiting: list[File] = []
    for stem, files in by_stem.items():
      images = self._by_stem.get(stem, [])
      alone = len(files) == len(images) == 1 and images[0].path not in self._taken
      if alone and agreement.agree_surely(files[0].folder, images[0].folder):
        self._take(files[0], images[0])  # the ordinary case
      elif images:
        waiting += files
    unlike = {stem for stem in by_stem if len({image.suffix for image in self._readable(stem)}) > 1}
    named = {file: names for file in waiting if file.stem in unlike and (names := self._named(file))}
    self._in_steps(list(named), named)
    self._in_steps(waiting, {})

  def revoke_derived(self) -> None:
    """Takes back unsure pairs with a folder most of whose pictures are unused twins of images that are used.

    Such a folder holds masks or copies, and the annotation's own image is missing.
    """
    used = {image.path: image for image in map(File.of, self.pairs.values())}
    used_stems = Counter(image.stem for image in used.values())
    unused_twins: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for image in (image for images in self._by_stem.values() for image in images) if self._unsure else ():
      sizes[image.folder] += 1
      unused_twins[image.folder] += image.path not in used and used_stems[image.stem] > 0
    for file, image in self._unsure.items():
      if 2 * unused_twins[image.folder] >= sizes[image.folder]:
        del self.pairs[file.path]
        self.ambiguous[file.path] = [image]

  def revoke_drawn(self, annotations: Iterable[str]) -> dict[str, str]:
    """Sets aside the labels in folders of previews or predictions that give an image its second labels.

    Detectors write such folders (runs/detect/exp): the pictures with boxes drawn in, and the boxes that were found.

    Returns:
      {annotation: an image of its folder that has other labels}; they are taken from `pairs`.
    """
    suspected = [File.of(path) for path in annotations if path not in self.ambiguous]
    suspected = [file for file in suspected if folder_roles.DERIVED in folder_roles.roles_of_folder(file.folder)]
    paired = map(File.of, self.pairs.values()) if suspected else ()
    originals = {image.stem: image.path for image in paired if image.folder not in self._derived}
    folders: dict[str, str] = {}
    for file in suspected:
      if file.stem in originals and self.pairs.get(file.path) != originals[file.stem]:
        folders.setdefault(file.folder, originals[file.stem])
    drawn = {file.path: folders[file.folder] for file in suspected if file.folder in folders}
    for path in drawn:
      self.pairs.pop(path, None)
    return drawn

  def warnings(self) -> tuple[str, ...]:
    """One sentence about annotations whose folder decided, while images of the same stem are left over."""
    used = set(self.pairs.values())
    left = {
      stem: [image for image in self._readable(stem) if image.path not in used and image.folder not in self._derived]
      for stem in {file.stem for file in self._doubtful}
    }
    doubtful = []
    for file in sorted(self._doubtful):
      rivals = self._rivals(file, left[file.stem])
      if rivals and file.path in self.pairs:
        doubtful.append(f'{file.path} got {self.pairs[file.path]}, not {rivals[0]}')
    if not doubtful:
      return ()
    return (f'{len(doubtful)} annotation files fit several images by name; their folders decided: {some(doubtful)}.',)

  def second(self, alone: Sequence[str]) -> dict[str, tuple[str, str]]:
    """See Pairing.second."""
    owner = {image: path for path, image in self.pairs.items()} if alone else {}
    found = {}
    for path in alone:
      for file in (File.of(path), *agreement.other_spellings(path)):
        images = self._by_stem.get(file.stem, ())
        fitting = [image.path for image in images if agreement.may_pair(file, image) and image.path in owner]
        if fitting:
          found[path] = (fitting[0], owner[fitting[0]])
        elif images and not any(agreement.may_pair(file, image) for image in images):
          found[path] = (images[0].path, '')
    return found

  def _named(self, file: File) -> set[str]:
    """Paths of the images of this stem that the annotation names with their extension; empty where it cannot help."""
    images = self._readable(file.stem)
    suffixes = {
      suffix
      for stem, suffix in map(posixpath.splitext, map(spelling.file_name, self._names_inside(file.path)))
      if stem == file.stem
    }
    if file.suffix in listing.IMAGE_SUFFIXES:
      suffixes.add(file.suffix)
    usual = set(map(spelling.usual_suffix, suffixes))
    alike = [image for image in images if spelling.usual_suffix(image.suffix) in usual]
    return {image.path for image in alike if image.suffix in suffixes} or {image.path for image in alike}

  def _take(self, annotation: File, image: File) -> None:
    self.pairs[annotation.path] = image.path
    self._taken.add(image.path)

  def _in_steps(self, waiting: list[File], named: Mapping[File, set[str]]) -> None:
    """Goes from the surest agreement of folders to the least.

    Every step compares within groups of files that agree, so that a hundred scenes that all have a 0001.jpg are
    compared within a hundred small groups, not all with all.
    """
    deepest = max((folder.count('/') + 1 for file in waiting for folder in self._folders_of(file)), default=0)
    for step in agreement.steps(deepest):
      left = set(self.undecided(file.path for file in waiting))
      waiting = [file for file in waiting if file.path in left]
      groups: dict[Hashable, tuple[list[File], list[File]]] = defaultdict(lambda: ([], []))
      for file in waiting:
        if (key := step.of_annotation(file.folder)) is not None:
          groups[file.stem, key][0].append(file)
      for stem in {file.stem for file in waiting}:
        for image in self._by_stem[stem]:
          key = step.of_image(image.folder)
          may_take = step.is_sure or image.folder not in self._derived
          if (stem, key) in groups and may_take and image.path not in self._taken:
            groups[stem, key][1].append(image)
      for files, images in groups.values():
        self._within(files, images, named, step.is_sure)

  def _folders_of(self, file: File) -> Iterator[str]:
    yield file.folder
    yield from (image.folder for image in self._by_stem[file.stem])

  def _within(self, files: list[File], images: list[File], named: Mapping[File, set[str]], is_sure: bool) -> None:
    """Pairs the files of one group: those that fit one image only, and those that then do."""
    fitting = {}
    for file in files:
      among = [
        image for image in images if agreement.may_pair(file, image) and image.path in named.get(file, (image.path,))
      ]
      if among:
        fitting[file] = agreement.best(file, among)
    nearest_first = sorted(
      fitting, key=lambda file: (min(agreement.depth(file, image) for image in fitting[file]), file.path)
    )
    progress = True
    while progress:
      progress = False
      for file in [file for file in nearest_first if file in fitting]:
        free = [image for image in fitting[file] if image.path not in self._taken]
        if len(free) == 1:
          self._take(file, free[0])
          self._note(file, free[0], named.get(file), is_sure)
        if len(free) <= 1:
          del fitting[file]
          progress = True
    self.ambiguous |= {file.path: among for file, among in fitting.items()}

  def _note(self, file: File, image: File, named: Container[str] | None, is_sure: bool) -> None:
    """Keeps a pair that leaves a doubt."""
    if is_sure:
      # A picture among the labels may be a mask; but the name in the annotation, or images/, leaves no doubt.
      if named is None and folder_roles.ANNOTATION in folder_roles.roles_of_folder(image.folder):
        self._doubtful[file] = None
      return
    self._doubtful[file] = named
    if named is None:
      self._unsure[file] = image

  def _readable(self, stem: str) -> list[File]:
    return [image for image in self._by_stem.get(stem, ()) if image.suffix not in listing.UNREADABLE_SUFFIXES]

  def _rivals(self, file: File, left: Iterable[File]) -> list[str]:
    """Of images without an annotation, those that a doubtful annotation may have meant."""
    named = self._doubtful[file]
    return [
      other.path
      for other in left
      if agreement.may_pair(file, other) and (named is None or other.path in named or other.folder == file.folder)
    ]
