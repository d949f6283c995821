"""Which image goes to which split. Byte-identical images, and groups by file name, never stand in two."""

import dataclasses
import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from components.voc_example_gen.formats.annotation import Reason
from components.voc_example_gen.formats.found import Item, Refusal
from components.voc_example_gen.scan import Tree
from components.voc_example_gen.settings import EVAL, TEST, TRAIN, SplitSettings
from components.voc_example_gen.splits import imagesets, stratify
from detection.base.errors import DataError

_FOLDERS = {'train': TRAIN, 'training': TRAIN, 'valid': EVAL, 'val': EVAL, 'validation': EVAL, 'eval': EVAL}
_FOLDERS |= {'test': TEST, 'testing': TEST}
_HELD_OUT_FIRST = (TEST, EVAL, TRAIN)


@dataclasses.dataclass(frozen=True)
class Assignment:
  """A split for every image that has one.

  Attributes:
    method: the one that was used; never 'auto'.
    split_of: {image path: split name}.
    left_out: images that stand in no split, with the reason.
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
  labels_of: Callable[[Item], frozenset[str]],
) -> Assignment:
  """Divides `items`.

  Args:
    items: the annotated images.
    digests: {image path: content digest}.
    settings: how.
    tree: the folder's listing, for ImageSets/Main.
    labels_of: an item's class names; asked only by the stratified method.

  Raises:
    DataError: if the method does not fit the folder, or leaves train or eval without an image.
  """
  method, given = _choose(items, settings, tree)
  if method in ('imagesets', 'folders'):
    result = _as_given(method, items, digests, given, settings)
  else:
    units = _units(items, digests, settings.group_by)
    divide = _by_hash if method == 'hash' else _stratified
    split_of, warnings = divide(units, settings, labels_of)
    result = Assignment(method, split_of, warnings=tuple(warnings))
  for split in (TRAIN, EVAL):
    if split not in result.split_of.values():
      raise DataError(
        f'{tree.root}: data.split.method {method} leaves no image for the split "{split}" out of {len(items)}. '
        'Expected at least two different annotated images; add images, or choose another data.split.method.'
      )
  return result


def _choose(items: Sequence[Item], settings: SplitSettings, tree: Tree) -> tuple[str, dict[str, str]]:
  """The method, and for imagesets and folders the split that the folder itself gives each image."""
  if settings.method in ('hash', 'stratified'):
    return settings.method, {}
  by_list = imagesets.read(tree, [item.image for item in items]) if settings.method != 'folders' else {}
  by_folder = {item.image: split for item in items if (split := folder_split(item))}
  if settings.method == 'imagesets' and not by_list:
    raise DataError(
      f'{tree.root}: data.split.method imagesets: expected ImageSets/Main/train.txt and val.txt naming images of the '
      'folder, found none. Add the lists, or choose another data.split.method.'
    )
  if settings.method == 'folders' and not by_folder:
    raise DataError(
      f'{tree.root}: data.split.method folders: expected folders train and valid (or val, test), found none. '
      'Rename the folders, or choose another data.split.method.'
    )
  for method, given in (('imagesets', by_list), ('folders', by_folder)):
    if settings.method == method or (TRAIN in given.values() and set(given.values()) & {EVAL, TEST}):
      return method, given
  return 'hash', {}


def folder_split(item: Item) -> str:
  """The split that a folder on the image's path names, or the annotation file does (instances_train.json); else ''."""
  folders = item.image.lower().split('/')[:-1]
  return next((_FOLDERS[name] for name in folders if name in _FOLDERS), '') or item.split_hint


def _as_given(
  method: str, items: Sequence[Item], digests: Mapping[str, str], given: Mapping[str, str], settings: SplitSettings
) -> Assignment:
  """The folder's own division; a test set stands in for a missing validation set."""
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
  """Copies that leave: held-out sets stay as they were made, and the copies in training go."""
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


def _units(items: Sequence[Item], digests: Mapping[str, str], group_by: str | None) -> dict[str, list[Item]]:
  """Items that must stay together, under one key each: their group's name, or else their content."""
  pattern = re.compile(group_by) if group_by else None
  parent: dict[str, str] = {}

  def root(key: str) -> str:
    while parent.setdefault(key, key) != key:
      key = parent[key]
    return key

  own_key = {}
  for item in items:
    content = f'content:{digests[item.image] or item.image}'
    group = _group(pattern, posixpath.basename(item.image)) or content
    first, second = sorted((root(content), root(group)), reverse=True)
    parent[second] = first  # 'group:' sorts after 'content:': a group's name outlives the copies within it
    own_key[item.image] = content
  units = defaultdict(list)
  for item in items:
    units[root(own_key[item.image])].append(item)
  return dict(sorted(units.items()))


def _group(pattern: re.Pattern | None, name: str) -> str:
  """The group that a file name belongs to; '' for none, as where an optional group of the pattern has no part."""
  match = pattern.search(name) if pattern else None
  found = match and (match.group(1) if match.re.groups else match.group())
  return f'group:{found}' if found else ''


def _by_hash(
  units: Mapping[str, list[Item]], settings: SplitSettings, _: Callable[[Item], frozenset[str]]
) -> tuple[dict[str, str], list[str]]:
  place = {key: _place(settings.seed, key) for key in units}
  held_out = settings.eval_fraction + settings.test_fraction

  def split(key: str) -> str:
    return EVAL if place[key] < settings.eval_fraction else TEST if place[key] < held_out else TRAIN

  splits = {key: split(key) for key in units}
  warnings = []
  if len(units) > 1:
    for missing, extreme in ((EVAL, min), (TRAIN, max)):
      if missing not in splits.values():
        splits[extreme(place, key=place.get)] = missing
        warnings.append(f'So few images that the hash gave none to {missing}; the nearest one was moved there.')
  return {item.image: splits[key] for key, items in units.items() for item in items}, warnings


def _place(seed: int, key: str) -> float:
  """Where a key falls in [0, 1), by nothing but itself and the seed."""
  digest = hashlib.sha256(f'{seed}:{key}'.encode('utf-8', 'surrogateescape')).digest()
  return int.from_bytes(digest[:8], 'big') / 2**64


def _stratified(
  units: Mapping[str, list[Item]], settings: SplitSettings, labels_of: Callable[[Item], frozenset[str]]
) -> tuple[dict[str, str], list[str]]:
  shares = {TRAIN: 1 - settings.eval_fraction - settings.test_fraction, EVAL: settings.eval_fraction}
  if settings.test_fraction:
    shares[TEST] = settings.test_fraction
  labels = {key: [labels_of(item) for item in items] for key, items in units.items()}
  order = sorted(units, key=lambda key: _place(settings.seed, key))
  splits, alone = stratify.divide({key: labels[key] for key in order}, shares)
  warnings = [f'Class "{label}" is in one image or group only, which went to train.' for label in alone]
  return {item.image: splits[key] for key, items in units.items() for item in items}, warnings
