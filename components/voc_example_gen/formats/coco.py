"""COCO JSON (instances_*.json, _annotations.coco.json): many images in one file."""

import dataclasses
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any

from components.voc_example_gen import coco_boxes, coco_join, entries, json_stream
from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.coco_join import Joined
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError, opened_annotation_file
from components.voc_example_gen.split_method import TEST
from components.voc_example_gen.splits import folders

MAX_BYTES = 8 * 2**30
_SECTIONS = ('images', 'annotations', 'categories')
# What annotations of the COCO family's other tasks have.
_OTHER_TASKS = {'caption': 'captions', 'segments_info': 'panoptic segmentation', 'keypoints': 'keypoints without boxes'}


def find(tree: Tree) -> DatasetIndex:
  """Reads every COCO file of the folder; an image it lists without annotations is a negative."""
  files: list[tuple[str, list[Annotation]]] = []
  refused: list[Refusal] = []
  warnings: list[str] = []
  paths = [file.path for file in tree.with_suffix('.json')]
  for path in detection_first(paths):
    try:
      if files:
        require_things(path)
      with opened_annotation_file(tree.root, path, MAX_BYTES) as file:
        joined = read(file)
    except RefusedFileError as error:
      refused.append(refuse(path, error.reason, error.detail))
      continue
    files.append((path, joined.annotations))
    refused += [Refusal(path, reason, detail) for reason, detail in joined.refused]
    warnings += [f'{path}: {warning}.' for warning in joined.warnings]
  unlabelled = unlabelled_tests(
    {path: any(one.objects or one.dropped for one in annotations) for path, annotations in files}
  )
  refused += map(refuse_test, unlabelled)
  files = [(path, annotations) for path, annotations in files if path not in unlabelled]
  warnings = [warning for warning in warnings if not warning.startswith(tuple(f'{path}: ' for path in unlabelled))]
  index = entries.match('coco', files, [image.path for image in tree.images])
  return dataclasses.replace(
    index, refused=(*refused, *index.refused), warnings=tuple(dict.fromkeys((*index.warnings, *warnings)))
  )


def refuse(path: str, reason: Reason, detail: str) -> Refusal:
  """Refuses a file that `read` does not read; JSON of another kind is no fault."""
  return Refusal(path, Reason.NOT_FOR_DETECTION if reason == Reason.NOT_AN_ANNOTATION else reason, detail)


def refuse_test(path: str) -> Refusal:
  """Refuses one of `unlabelled_tests`."""
  return Refusal(path, Reason.NOT_FOR_DETECTION, 'lists the images of a test set, and no object')


def unlabelled_tests(files: Mapping[str, bool]) -> list[str]:
  """Files named for a test set without one object, beside files with objects: their images are no negatives.

  Args:
    files: {path: whether it has an object} of all that are read.
  """
  without = [path for path, has_objects in files.items() if not has_objects]
  if len(without) == len(files):
    return []
  return [
    path for path in without if folders.split_in_file_name(path) == TEST or 'image_info' in posixpath.basename(path)
  ]


def detection_first(paths: Iterable[str]) -> list[str]:
  """The order in which files are read."""
  return sorted(paths, key=_is_stuff)


def _is_stuff(path: str) -> bool:
  """Whether the name is that of a COCO-Stuff file, which has the form of a detection file."""
  return 'stuff' in re.split(r'[^a-z]+', posixpath.basename(path).lower())


def require_things(path: str) -> None:
  """Raises RefusedFileError for a COCO-Stuff file; where no other file is read, it is taken for what it is."""
  if _is_stuff(path):
    raise RefusedFileError(Reason.NOT_FOR_DETECTION, 'regions of materials (COCO-Stuff) beside the file of objects')


def read(file: IO[bytes]) -> Joined:
  """Reads one COCO file, in blocks; nine tenths of a large one are polygons, which are not kept.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if it is JSON of another kind, ANNOTATION_MALFORMED if it cannot be read.
  """
  try:
    document = json_stream.load(file, coco_boxes.without_needless)
  except (ValueError, RecursionError) as error:
    raise RefusedFileError(Reason.ANNOTATION_MALFORMED, f'not JSON: {error}') from error
  return coco_join.join(required(document))


def required(document: Any) -> Mapping[str, list[Any]]:
  """Returns a JSON document that is a COCO file with boxes; else raises RefusedFileError, as `read` does."""
  if not isinstance(document, dict) or 'images' not in document or 'annotations' not in document:
    raise RefusedFileError(Reason.NOT_AN_ANNOTATION, f'no COCO file: expected {_expected()}, found {_kind(document)}')
  _require_boxes(document['annotations'])
  for section in _SECTIONS:
    if not isinstance(document.get(section), list):
      raise RefusedFileError(Reason.ANNOTATION_MALFORMED, f'"{section}": expected a list')
  return document


def _expected() -> str:
  return '"images", "annotations" and "categories"'


def _kind(document: Any) -> str:
  """What a JSON file holds, in a few words."""
  if isinstance(document, dict):
    return 'the keys ' + ', '.join(f'"{name[:40]}"' for name in list(document)[:6]) if document else 'nothing'
  return 'a list' if isinstance(document, list) else 'a single value'


def _require_boxes(annotations: Any) -> None:
  """Refuses annotations of another task: captions, panoptic segmentation, classes of whole images.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION, if there are annotations and none has a box or a mask.
  """
  if not isinstance(annotations, list):
    return
  found = [entry for entry in annotations if isinstance(entry, dict)]
  if not found or any('bbox' in entry or 'segmentation' in entry for entry in found):
    return
  task = next((words for name, words in _OTHER_TASKS.items() if name in found[0]), '')
  keys = ', '.join(f'"{name[:40]}"' for name in list(found[0])[:6])
  detail = f'for {task}' if task else f'no annotation has "bbox" or "segmentation", only {keys}'
  raise RefusedFileError(Reason.NOT_AN_ANNOTATION, f'no boxes: {detail}')


READER = Reader(
  'coco',
  preference=2,
  expected='a COCO .json file with images, annotations and categories',
  find=find,
  box_form='"bbox" is read as [x, y, width, height], not as two corners',
)
