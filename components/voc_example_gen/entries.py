"""Gives the entries of annotation files that hold many images each their images; what says the same is no fault."""

import dataclasses
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from components.voc_example_gen import listing, matching, spelling
from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.spelling import some
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN
from components.voc_example_gen.splits import folders

_HELD_OUT_FIRST = (TEST, EVAL, TRAIN, '')


def match(data_format: str, files: Iterable[tuple[str, list[Annotation]]], images: Iterable[str]) -> DatasetIndex:
  """Gives the annotations of all files of one format their images.

  Entries of one file with one file name are one image. An image that two files describe is used once: with the
  annotation that holds the other's objects too. If neither does, the second is refused.

  Args:
    data_format: the format's name.
    files: (path, entries) of each annotation file; each entry has the file name of its image.
    images: paths of all images of the folder.
  """
  found = Entries(data_format, matching.Names(images))
  for path, annotations in files:
    for annotation in merged(annotations):
      found.add(path, annotation)
  refused = (*found.refused, *repeated(found.repeats))
  return DatasetIndex(data_format, tuple(found.items.values()), refused, found.warnings())


def merged(annotations: Iterable[Annotation]) -> Iterator[Annotation]:
  """One annotation for each file name, with the objects of all its entries."""
  by_name: dict[str, list[Annotation]] = {}
  for annotation in annotations:
    by_name.setdefault(annotation.filename, []).append(annotation)
  for first, *others in by_name.values():
    objects = (*first.objects, *(thing for other in others for thing in other.objects))
    dropped = (*first.dropped, *(rule for other in others for rule in other.dropped))
    yield dataclasses.replace(first, objects=objects, dropped=dropped) if others else first


class Entries:
  """What was found in the files so far.

  Attributes:
    items: {image path: item}.
    refused: entries that are not used.
    repeats: {(file, the one that says the same): images}.
  """

  def __init__(self, data_format: str, names: matching.Names) -> None:
    self.items: dict[str, Item] = {}
    self.refused: list[Refusal] = []
    self.repeats: Counter[tuple[str, str]] = Counter()
    self._format, self._names = data_format, names
    self._source: dict[str, str] = {}  # {image path: the annotation file that describes it}
    self._passed_over: list[str] = []
    self._in_two_splits: list[str] = []

  def add(self, path: str, annotation: Annotation) -> None:
    """Finds the image of one entry of the file at `path`."""
    found = self._names.find(path, annotation.filename)
    if found.several:
      self.refused.append(matching.refuse_several(path, annotation.filename, found.several))
    elif not found.path:
      self.refused.append(matching.refuse_unmatched(path, annotation.filename, self._names))
    elif found.path in self.items:
      self._add_second(path, annotation, found.path)
    else:
      self._use(path, annotation, found.path, folders.split_in_file_name(path))
      self._passed_over += [f'{found.path}, not {other}' for other in found.passed_over[:1]]

  def _use(self, path: str, annotation: Annotation, image: str, split: str) -> None:
    self.items[image] = Item(image, self._format, annotation=annotation, split_hint=split)
    self._source[image] = path

  def _add_second(self, path: str, annotation: Annotation, image: str) -> None:
    """Adds the entry of an image that has one already."""
    item = self.items[image]
    if self._is_other_file(path, annotation, image):
      return
    if self._source[image] == path and item.annotation is not None:  # the file spells one name in two ways
      (both,) = merged([item.annotation, dataclasses.replace(annotation, filename=item.annotation.filename)])
      self.items[image] = dataclasses.replace(item, annotation=both)
      return
    known, new = _content(item.annotation), _content(annotation)
    if not (new <= known or known <= new):
      detail = (
        f'"{annotation.filename[:200]}" is annotated more than once: otherwise in {self._source[image]}, which is used'
      )
      self.refused.append(Refusal(path, Reason.ANNOTATION_TWICE, detail))
      return
    hint = folders.split_in_file_name(path)
    if hint and item.split_hint and hint != item.split_hint:
      self._in_two_splits.append(image)
    split = min(hint, item.split_hint, key=_HELD_OUT_FIRST.index)
    if new <= known:
      self.repeats[path, self._source[image]] += 1
      self.items[image] = dataclasses.replace(item, split_hint=split)
    else:
      self.repeats[self._source[image], path] += 1
      self._use(path, annotation, image, split)

  def _is_other_file(self, path: str, annotation: Annotation, image: str) -> bool:
    """Refuses the entry that is of another file than the image: 1.png, if 1.jpg has an entry of its own.

    An entry whose file has another extension gets the image of its stem, as images are converted after labelling; but
    not if that image is listed too.

    Returns:
      Whether one of the two entries was refused.
    """
    item = self.items[image]
    if item.annotation is None or not item.annotation.filename:
      return False
    source, old, new = self._source[image], item.annotation.filename, annotation.filename
    of_image = [_has_suffix_of(image, name) for name in (old, new)]
    if of_image == [True, False]:
      self.refused.append(matching.refuse_other_file(path, new, image))
      return True
    if of_image == [False, True]:
      self.refused.append(matching.refuse_other_file(source, old, image))
      self._use(path, annotation, image, folders.split_in_file_name(path))
      return True
    return False

  def warnings(self) -> tuple[str, ...]:
    """One sentence for each kind of doubt."""
    sentences = []
    if self._passed_over:
      sentences.append(
        f'{len(self._passed_over)} file names fit several images, and the name of the folder decided: '
        f'{some(self._passed_over)}.'
      )
    if self._in_two_splits:
      sentences.append(
        f'{len(self._in_two_splits)} images are listed for two splits, of which the held-out one counts: '
        f'{some(self._in_two_splits)}.'
      )
    return tuple(sentences)


def repeated(repeats: Mapping[tuple[str, str], int]) -> Iterator[Refusal]:
  """One refusal for each file that repeats another one; see Entries.repeats."""
  for (path, other), count in sorted(repeats.items()):
    detail = f'says nothing about {count} images that {other} does not say'
    yield Refusal(path, Reason.ANNOTATION_REPEATED, detail)


def _has_suffix_of(image: str, name: str) -> bool:
  """Whether a name has the image's extension, or none that an image can have."""
  suffix = posixpath.splitext(spelling.file_name(name))[1]
  usual = spelling.usual_suffix(posixpath.splitext(image)[1])
  return suffix not in listing.IMAGE_SUFFIXES or spelling.usual_suffix(suffix) == usual


def _content(annotation: Annotation | None) -> frozenset[tuple[object, ...]]:
  """What an annotation says about its image, as values that can be compared."""
  if annotation is None:
    return frozenset()
  corners = (
    (thing.label, thing.turned, *(round(side, 3) for side in (thing.xmin, thing.ymin, thing.xmax, thing.ymax)))
    for thing in annotation.objects
  )
  return frozenset((*corners, *((rule.value, count) for rule, count in Counter(annotation.dropped).items())))
