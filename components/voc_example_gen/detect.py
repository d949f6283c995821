"""Finds the annotated images of a folder, and which format they are in."""

import dataclasses
from collections.abc import Sequence

from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.formats import READERS
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.settings import AUTO
from components.voc_example_gen.spelling import some
from detection.base.errors import DataError


def find(tree: Tree, data_format: str) -> DatasetIndex:
  """Finds the annotated images of a folder.

  Args:
    tree: the folder's listing.
    data_format: a format's name; or 'auto' for the labelled format that describes the most images, the preferred one
      among equals.

  Raises:
    DataError: if there are no images, or no annotations of this format.
  """
  if not tree.images:
    unread = f' Formats that are not read: {some(tree.unlisted_images)}.' if tree.unlisted_images else ''
    raise DataError(
      f'{tree.root}: no images. Expected .jpg, .png, .bmp, .tif, .webp, .gif or .ppm files in this folder or below it.'
      f'{unread}'
    )
  labelled = [reader for reader in READERS.values() if reader.labelled]
  readers = labelled if data_format == AUTO else [READERS[data_format]]
  indexes = [reader.find(tree) for reader in readers]
  best = max(indexes, key=lambda index: (len(index.items), _bad(index)))
  if not best.items and not _bad(best):
    expected = '; or '.join(reader.expected for reader in readers)
    others = [f'{refusal.path} is set aside: {refusal.detail}.' for index in indexes for refusal in index.refused]
    sentences = [f'{len(tree.images)} images, but no annotations. Expected {expected}.', *others[:3]]
    raise DataError(f'{tree.root}: {" ".join(sentences)}')
  return dataclasses.replace(best, elsewhere=_only_in_others(best, indexes) if len(indexes) > 1 else None)


def describes(tree: Tree, besides: str) -> bool:
  """Whether annotations of a labelled format, other than `besides`, may be among these files; images need not be."""
  readers = [reader for reader in READERS.values() if reader.labelled and reader.name != besides]
  indexes = [reader.find(tree) for reader in readers]
  return any(index.items or _bad(index) for index in indexes)


def _bad(index: DatasetIndex) -> int:
  """How many files of this format cannot be used."""
  return sum(refusal.is_bad for refusal in index.refused)


def _only_in_others(best: DatasetIndex, indexes: Sequence[DatasetIndex]) -> dict[str, str]:
  """{image: format} of images that `best` does not describe, and that another format does; empty text files aside."""
  known = {item.image for item in best.items}
  return {
    item.image: index.data_format
    for index in reversed(indexes)
    for item in index.items
    if item.image not in known and (item.annotation is None or item.annotation.objects)
  }


def annotation_of(root: str, item: Item) -> Annotation:
  """An item's annotation; read now if it has a file of its own.

  Raises:
    RefusedFileError: if that file cannot be used.
  """
  if item.annotation is not None:
    return item.annotation
  read = READERS[item.data_format].read
  if read is None:
    raise ValueError(f'{item.image}: format {item.data_format} reads no single files')
  return read(root, item.annotation_file)
