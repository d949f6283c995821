"""Parts of a large folder, each judged alone: which files are in them, and what is known of them.

What cannot be judged without the other parts raises an UnclearError; then the folder is paired as a whole.
"""

import itertools
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import agreement, folder_roles, plan, spelling
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.listing import File, Tree
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.split_method import GivenMethod
from components.voc_example_gen.splits import METHODS, declared, imagesets
from components.voc_example_gen.spread import exchange, item_rows, spread_listing, spread_lists
from components.voc_example_gen.spread.spread_listing import Kind, SpreadTree

_TASKS_OF_A_BUCKET = 8_000
_MOST_BUCKETS = 4096
MOST_FOLDERS = 10_000  # with images, if splits are declared for folders; with label files, if they have class numbers


class UnclearError(Exception):
  """Files that have to be judged together with those of other parts."""


class Paired(NamedTuple):
  """What is known of some parts.

  Attributes:
    images: how many are annotated.
    refused: annotations that are not used.
    left: images that no annotation describes.
    counts: {method: {split: images that the folder gives it}}, but for splits that are declared.
    folders: {folder: images}, where these may be declared.
    listed: {split: images} by the lists that declare splits, of each rank; see declared.List.
    is_clear: whether all files could be judged without those of other parts; if not, nothing else counts.
  """

  images: int = 0
  refused: tuple[Refusal, ...] = ()
  left: tuple[str, ...] = ()
  counts: Mapping[str, Counter[str]] = {}
  folders: Mapping[str, int] = {}
  listed: Sequence[Mapping[str, int]] = ()
  is_clear: bool = True


def handed_on(
  found: Sequence[tuple[int, Item]], tree: SpreadTree, parts: Iterable[int], methods: Iterable[str]
) -> tuple[dict[int, list[exchange.Row]], Paired]:
  """Pairs as rows (place in the order of shards, size of the image, its splits, row of the item); and what is known.

  The splits, '' for none, are those by the lists that declare them, of rank 0 and 1, and those by each other method.
  The rows are in buckets by their place: see `buckets`.

  Args:
    found: (size of the image, item).
    tree: the folder's listing.
    parts: all in which the items are.
    methods: that may give the splits.
  """
  parts, items = list(parts), [item for _, item in found]
  images = [item.image for item in items]
  has_declared = spread_lists.any_declared(tree.lists)
  folders: Counter[str] = Counter()
  if declared.METHOD.name in methods:
    _require_declarable(images, has_declared)
    folders = Counter() if has_declared else Counter(map(posixpath.dirname, images))
    if len(folders) > MOST_FOLDERS:
      raise UnclearError
  by_list = spread_lists.by_declared(tree.lists, parts, images)
  given = {name: _given(name, tree, parts, items) for name in _without_declared(methods)}
  splits = [*by_list, *given.values()]
  rows: dict[int, list[exchange.Row]] = defaultdict(list)
  count = buckets(tree)
  for size, item in found:
    order, given_as = plan.order_of(item.image), tuple([by.get(item.image, '') for by in splits])
    rows[_bucket_of(order, count)].append((order, size, given_as, *item_rows.of_item(item)))
  return rows, Paired(
    len(found),
    counts={name: Counter(by.values()) for name, by in given.items()},
    folders=folders,
    listed=tuple(Counter(by.values()) for by in by_list) if has_declared else (),
  )


def buckets(tree: SpreadTree) -> int:
  """How many buckets the images of a folder are sorted into, each a range of the order of shards."""
  return max(1, min(_MOST_BUCKETS, tree.images // _TASKS_OF_A_BUCKET))


def _bucket_of(order: bytes, count: int) -> int:
  return int.from_bytes(order[:4], 'big') * count // 2**32


def place_of(method: str, methods: Iterable[str]) -> int:
  """Where the splits that a method gives are among those of a row; the first two are by lists that declare them."""
  return 2 + _without_declared(methods).index(method)


def _without_declared(methods: Iterable[str]) -> list[str]:
  return [name for name in methods if name != declared.METHOD.name]


def _given(name: str, tree: SpreadTree, parts: Sequence[int], items: list[Item]) -> Mapping[str, str]:
  """The splits that the folder gives the items of these parts by a method; none if that computes them."""
  if name == imagesets.METHOD.name:
    return spread_lists.by_imagesets(tree.lists, parts, [item.image for item in items])
  method = METHODS[name]
  return method.read(tree.others, items) if isinstance(method, GivenMethod) else {}


def _require_declarable(images: Sequence[str], by_lists: bool) -> None:
  """Raises UnclearError if there are images that a list or a folder may stand for as well as for others."""
  # Of two images whose paths differ in their case alone, one is declared.
  if len(set(map(spelling.folded, images))) < len(images):
    raise UnclearError
  if by_lists and any(posixpath.basename(image) != posixpath.basename(image).strip() for image in images):
    raise UnclearError


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
  stems = itertools.chain([file.stem], (other.stem for other in agreement.other_spellings(annotation)))
  if picture.stem not in stems or not agreement.agree_surely(file.folder, picture.folder):
    raise UnclearError


def alone(image: str) -> str:
  """An image without an annotation; UnclearError if it may be the mask of another one."""
  if folder_roles.original_stem(agreement.File.of(image).stem):
    raise UnclearError
  return image
