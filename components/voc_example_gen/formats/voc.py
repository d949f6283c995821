"""Pascal VOC XML: one file an image."""

import functools
import posixpath

from components.voc_example_gen import matching, plain_voc, voc_xml, xml_text
from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.pairing import pair_by_stem
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError, read_annotation_file

MAX_BYTES = 8 * 2**20


def find(tree: Tree) -> DatasetIndex:
  """Pairs every XML file of the folder with its image, by its stem first, by the names inside it second."""
  files = [file.path for file in tree.with_suffix('.xml')]
  images = [image.path for image in tree.images]
  pairing = pair_by_stem(files, images, functools.partial(names_inside, tree.root))
  pairs, refused = pairing.pairs, list(pairing.refused)
  everything = matching.Names(images)
  free = matching.Names(sorted({*images} - set(pairs.values()) if pairing.alone else ()))
  taken: set[str] = set()
  for path in pairing.alone:
    names = names_inside(tree.root, path)
    image = free.find(path, *names)
    if image.several:
      refused.append(matching.refuse_several(path, names[0] or names[1], image.several))
    elif image.path and image.path not in taken:
      pairs[path] = image.path
      taken.add(image.path)
    else:
      second = pairing.refuse_second(path, functools.partial(_same, tree.root, path))
      refused.append(second or _refuse_unmatched(tree, path, everything))
  items = tuple(Item(image, 'voc', annotation_file=path) for path, image in sorted(pairs.items()))
  return DatasetIndex('voc', items, tuple(refused), pairing.warnings)


def names_inside(root: str, path: str) -> tuple[str, ...]:
  try:
    annotation = read(root, path)
  except RefusedFileError:
    return ()
  return (annotation.filename, annotation.path)


def _same(root: str, path: str, other: str) -> bool:
  """Whether two annotation files have the same objects."""
  try:
    return set(read(root, path).objects) == set(read(root, other).objects)
  except RefusedFileError:
    return False


def _refuse_unmatched(tree: Tree, path: str, names: matching.Names) -> Refusal:
  """An XML file without an image: broken, of another kind, or an annotation whose image is missing."""
  try:
    annotation = read(tree.root, path)
  except RefusedFileError as refused:
    # Without an image of its name, XML of another kind is no annotation at all: a tool's settings, a build file.
    unrelated = refused.reason == Reason.NOT_AN_ANNOTATION
    return Refusal(path, Reason.NOT_FOR_DETECTION if unrelated else refused.reason, refused.detail)
  return matching.refuse_unmatched(path, annotation.filename or annotation.path or posixpath.basename(path), names)


def read(root: str, path: str) -> Annotation:
  """Reads one annotation file below `root`.

  Raises:
    RefusedFileError: if it cannot be read, is larger than 8 MiB, or `parse` refuses it.
  """
  return parse(read_annotation_file(root, path, MAX_BYTES))


def parse(content: bytes) -> Annotation:
  """Reads the bytes of one VOC annotation; namespaces, byte order marks and missing optional elements are fine.

  Raises:
    RefusedFileError: XML_NOT_WELL_FORMED; XML_FORBIDDEN if it declares a document type or entities; and as
      `voc_xml.to_annotation`.
  """
  return plain_voc.read(content) or voc_xml.to_annotation(xml_text.parse(content))


READER = Reader(
  'voc',
  preference=1,
  expected='one Pascal VOC .xml file per image',
  find=find,
  read=read,
  box_form='xmin, ymin, xmax, ymax of <bndbox> are read as two corners, not as a corner and a size',
)
