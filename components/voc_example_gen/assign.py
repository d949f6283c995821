"""Divides the images into splits. Byte-identical images, and groups by file name, are never in two."""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence

from components.voc_example_gen import groups as image_groups
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.settings import AUTO, SplitSettings
from components.voc_example_gen.split_method import (
  EVAL,
  TEST,
  TRAIN,
  ComputedMethod,
  GivenMethod,
  LabelsOf,
  SplitMethod,
)
from components.voc_example_gen.splits import METHODS
from detection.base.errors import DataError

_HELD_OUT_FIRST = (TEST, EVAL, TRAIN)


@dataclasses.dataclass(frozen=True)
class Assignment:
  """A split for every image that has one.

  Attributes:
    method: the one that was used; never 'auto'.
    split_of: {image path: split name}.
    left_out: images that are in no split, with the reason.
    warnings: what a user should know, one sentence each.
  """

  method: str
  split_of: dict[str, str]
  left_out: tuple[Refusal, ...] = ()
  warnings: tuple[str, ...] = ()


def assign(
  items: Sequence[Item],
  digests: Mapping[str, str],
  settings: SplitSettings,
  tree: Tree,
  labels_of: LabelsOf,
) -> Assignment:
  """Divides `items`.

  Args:
    items: the annotated images.
    digests: {image path: digest of its content}.
    settings: the method and its parameters.
    tree: the folder's listing, for methods that read the folder.
    labels_of: gives an item's class names; called only by methods that need them.

  Raises:
    DataError: if the method does not fit the folder, or leaves train or eval without an image.
  """
  method, given, notices = _choose(items, settings, tree)
  if isinstance(method, ComputedMethod):
    result = _computed(method, items, digests, settings, labels_of)
  else:
    result = _given(method.name, items, digests, given, settings)
  for split in (TRAIN, EVAL):
    if split not in result.split_of.values():
      raise DataError(
        f'{tree.root}: data.split.method {result.method} leaves no image for the split "{split}" out of {len(items)}. '
        'Expected at least two different annotated images; add images, or choose another data.split.method.'
      )
  return dataclasses.replace(result, warnings=(*notices, *result.warnings))


def _choose(
  items: Sequence[Item], settings: SplitSettings, tree: Tree
) -> tuple[SplitMethod, Mapping[str, str], list[str]]:
  """The method; for a GivenMethod the split that the folder gives each image; and warnings about those passed over."""
  if settings.method != AUTO:
    method = METHODS[settings.method]
    return method, _required(method, items, tree) if isinstance(method, GivenMethod) else {}, []
  notices: list[str] = []
  for method in METHODS.values():
    if method.preference is None:
      continue
    if isinstance(method, ComputedMethod):
      return method, {}, notices
    given = method.read(tree, items)
    found = set(given.values())
    if TRAIN in found and len(found) > 1:
      return method, given, []
    if found:
      only = ', '.join(sorted(found))
      notices.append(f'The split method {method.name} gives {len(given)} images to {only} and none to another split.')
  raise ValueError('expected a ComputedMethod with a preference among the split methods')


def _required(method: GivenMethod, items: Sequence[Item], tree: Tree) -> Mapping[str, str]:
  """The folder's own division by a method that the user named."""
  given = method.read(tree, items)
  if not given:
    raise DataError(
      f'{tree.root}: data.split.method {method.name}: expected {method.expected}, found none. '
      f'{method.remedy}, or choose another data.split.method.'
    )
  return given


def _computed(
  method: ComputedMethod,
  items: Sequence[Item],
  digests: Mapping[str, str],
  settings: SplitSettings,
  labels_of: LabelsOf,
) -> Assignment:
  fractions = {TRAIN: 1 - settings.eval_fraction - settings.test_fraction, EVAL: settings.eval_fraction}
  if settings.test_fraction:
    fractions[TEST] = settings.test_fraction
  groups = image_groups.by_content_and_name(items, digests, settings.group_by)
  splits, warnings = method.divide(groups, fractions, settings.seed, labels_of)
  split_of = {item.image: splits[key] for key, members in groups.items() for item in members}
  return Assignment(method.name, split_of, warnings=tuple(warnings))


def _given(
  method: str, items: Sequence[Item], digests: Mapping[str, str], given: Mapping[str, str], settings: SplitSettings
) -> Assignment:
  """The folder's own division; a test set takes the place of a missing validation set."""
  have = set(given.values())
  names = {TRAIN: TRAIN, EVAL: EVAL, TEST: TEST if settings.keep_test and EVAL in have else ''}
  if EVAL not in have:
    names[TEST] = EVAL
  split_of, left_out = {}, []
  for item in items:
    named = given.get(item.image, '')
    if names.get(named):
      split_of[item.image] = names[named]
    else:
      detail = 'in the test set; data.split.keep_test would write it' if named == TEST else f'not named by {method}'
      left_out.append(Refusal(item.image, Reason.NOT_IN_A_SPLIT, detail))
  copies = _copies_across(split_of, digests)
  for refusal in copies:
    del split_of[refusal.path]
  warnings = ['data.split.group_by has no effect on splits that the folder gives itself.'] if settings.group_by else []
  return Assignment(method, split_of, (*left_out, *copies), tuple(warnings))


def _copies_across(split_of: Mapping[str, str], digests: Mapping[str, str]) -> list[Refusal]:
  """Images to leave out because another split has the same bytes: held-out sets stay whole, train loses its copies."""
  by_content = defaultdict(list)
  for image in split_of:
    if digests[image]:
      by_content[digests[image]].append(image)
  leaving = []
  for images in by_content.values():
    stays = min((split_of[image] for image in images), key=_HELD_OUT_FIRST.index)
    original = next(image for image in images if split_of[image] == stays)
    leaving += [
      Refusal(image, Reason.COPY_IN_OTHER_SPLIT, f'same bytes as {original}, in {stays}')
      for image in images
      if split_of[image] != stays
    ]
  return leaving
