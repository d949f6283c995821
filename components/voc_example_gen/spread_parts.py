"""Parts of a large folder, each judged alone: which files are in them, and what is known of them.

What cannot be judged without the other parts raises an UnclearError; then the folder is paired as a whole.
"""

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import agreement, exchange, folder_roles, item_rows, spelling, spread_listing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.listing import File, Tree
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.split_method import GivenMethod
from components.voc_example_gen.splits import METHODS, declared
from components.voc_example_gen.spread_listing import Kind, SpreadTree

MOST_FOLDERS = 10_000  # with images, if splits are declared for folders; with label files, if they have class numbers


class UnclearError(Exception):
  """Files that have to be judged together with those of other parts."""


class Paired(NamedTuple):
  """What is known of some parts.

  Attributes:
    images: how many are annotated.
    refused: annotations that are not used.
    left: images that no annotation describes.
    counts: {method: {split: images that the folder gives it}}, but for splits that are declared for folders.
    folders: {folder: images}, where these may be declared.
    is_clear: whether all files could be judged without those of other parts; if not, nothing else counts.
  """

  images: int = 0
  refused: tuple[Refusal, ...] = ()
  left: tuple[str, ...] = ()
  counts: Mapping[str, Counter[str]] = {}
  folders: Mapping[str, int] = {}
  is_clear: bool = True


def paired(
  pairs: Sequence[exchange.Row], others: Tree, methods: Iterable[str], refused: Iterable[Refusal], left: Iterable[str]
) -> Paired:
  """What is known of these pairs, each (size of the image, row of the item)."""
  items = [item_rows.without_annotation(row) for _, *row in pairs]
  counts = {name: Counter(given(name, others, items).values()) for name in methods if name != declared.METHOD.name}
  folders: Counter[str] = Counter()
  if declared.METHOD.name in methods:
    folders = Counter(posixpath.dirname(item.image) for item in items)
    # Of two images whose paths differ in their case alone, one is declared.
    if len(folders) > MOST_FOLDERS or len({spelling.folded(item.image) for item in items}) < len(items):
      raise UnclearError
  return Paired(len(pairs), tuple(refused), tuple(left), counts, folders)


def given(name: str, others: Tree, items: list[Item]) -> Mapping[str, str]:
  """The splits that the folder gives these items by a method; none if that computes them."""
  method = METHODS[name]
  return method.read(others, items) if isinstance(method, GivenMethod) else {}


def of_format(tree: SpreadTree, parts: Iterable[int], kind: Kind | None, is_named: bool) -> Iterator[File]:
  """The images of some parts, and annotations of this kind.

  Args:
    tree: the folder's listing.
    parts: their numbers.
    kind: of the format's annotations; None if they are no files of one image.
    is_named: whether the user named the format; if not, annotations of another one make all unclear.
  """
  for file in tree.parts(parts):
    own = spread_listing.kind_of(file.path)
    if own is None or (own is Kind.XML is not kind and not is_named):
      raise UnclearError
    if own is Kind.TEXT is not kind:
      if not is_named:
        _require_no_labels(tree, file)
    elif own in (kind, Kind.IMAGE):
      yield file


def _require_no_labels(tree: SpreadTree, text: File) -> None:
  """Raises UnclearError if a text is one that describes objects of an image."""
  index = yolo.find(Tree(tree.root, (text,), tree.others.unlisted_images))
  if index.items or any(refusal.is_bad for refusal in index.refused):
    raise UnclearError


def by_stem(files: Iterable[File]) -> Iterator[tuple[list[File], list[File]]]:
  """(annotations, images) that may belong together; raises UnclearError if these are more than one of each."""
  found: dict[str, tuple[list[File], list[File]]] = defaultdict(lambda: ([], []))
  for file in files:
    found[spread_listing.common_stem(file.path)][spread_listing.kind_of(file.path) is Kind.IMAGE].append(file)
  for annotations, images in found.values():
    if len(annotations) > 1 or len(images) > 1:
      raise UnclearError
    yield annotations, images


def require_fit(annotation: str, image: str) -> None:
  """Raises UnclearError unless the first step of pairing would take them as a pair."""
  file, picture = agreement.File.of(annotation), agreement.File.of(image)
  stems = (file.stem, *(other.stem for other in agreement.other_spellings(annotation)))
  if picture.stem not in stems or not agreement.agree_surely(file.folder, picture.folder):
    raise UnclearError


def alone(image: str) -> str:
  """An image without an annotation; UnclearError if it may be the mask of another one."""
  if folder_roles.original_stem(agreement.File.of(image).stem):
    raise UnclearError
  return image
