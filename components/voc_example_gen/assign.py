"""Chooses how the images are divided into splits, as far as that can be decided before an image is read."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from components.voc_example_gen import groups
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.settings import AUTO, SplitSettings
from components.voc_example_gen.spelling import some
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN, ComputedMethod, GivenMethod, SplitMethod
from components.voc_example_gen.splits import METHODS
from detection.base.errors import DataError


@dataclasses.dataclass(frozen=True)
class Placing:
  """Gives an image its split when it is read, for methods that compute it.

  Attributes:
    method: the name of a ComputedMethod; '' if the folder gives the splits.
    fractions: {split: fraction of the images}.
    seed, group_by: see SplitSettings.
  """

  method: str = ''
  fractions: Mapping[str, float] = dataclasses.field(default_factory=dict)
  seed: int = 0
  group_by: str | None = None

  def split_of(self, image: str, digest: str) -> str:
    """The split of an image, as far as it can be told from the image alone; see settle.py for the rest.

    Args:
      image: its path.
      digest: of its content; '' if it cannot be read.
    """
    return self.place(groups.key_of(image, digest, self.group_by))

  def place(self, key: str) -> str:
    """The split of a group; train if the method must know all groups first."""
    place = self.computed.place
    return place(key, self.fractions, self.seed) if place else TRAIN

  @property
  def computed(self) -> ComputedMethod:
    method = METHODS[self.method]
    if not isinstance(method, ComputedMethod):
      raise TypeError(f'expected a method that computes splits, received "{self.method}"')
    return method


@dataclasses.dataclass(frozen=True)
class Assignment:
  """What is decided about splits before an image is read.

  Attributes:
    method: the one that is used; never 'auto'.
    split_of: {image path: split}, if the folder gives the splits.
    placing: gives the splits, if they are computed.
    left_out: images that are in no split, with the reason.
    warnings: what a user should know, one sentence each.
  """

  method: str
  split_of: Mapping[str, str] = dataclasses.field(default_factory=dict)
  placing: Placing = Placing()
  left_out: tuple[Refusal, ...] = ()
  warnings: tuple[str, ...] = ()


def assign(items: Sequence[Item], settings: SplitSettings, tree: Tree) -> Assignment:
  """Chooses the method, and takes the splits that the folder gives.

  Args:
    items: the annotated images.
    settings: the method and its parameters.
    tree: the folder's listing, for methods that read the folder.

  Raises:
    DataError: if the method does not fit the folder, or leaves train or eval without an image.
  """
  method, given, notices = _choose(items, settings, tree)
  if isinstance(method, ComputedMethod):
    fractions = {TRAIN: 1 - settings.eval_fraction - settings.test_fraction, EVAL: settings.eval_fraction}
    if settings.test_fraction:
      fractions[TEST] = settings.test_fraction
    placing = Placing(method.name, fractions, settings.seed, settings.group_by)
    return Assignment(method.name, placing=placing, warnings=tuple(notices))
  result = _given(method.name, items, given, settings)
  require_both(tree.root, method.name, set(result.split_of.values()), len(items))
  return dataclasses.replace(result, warnings=(*notices, *result.warnings))


def require_both(root: str, method: str, filled: Collection[str], images: int) -> None:
  """Raises DataError if `filled`, the splits that have images, lacks train or eval."""
  for split in (TRAIN, EVAL):
    if split not in filled:
      raise DataError(
        f'{root}: data.split.method {method} leaves no image for the split "{split}" out of {images}. '
        'Expected at least two different annotated images; add images, or choose another data.split.method.'
      )


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
      return method, given, notices
    if files := [] if found else method.declaring(tree):
      notices.append(f'{some(files)}: splits are declared there, and none of their images is in the folder.')
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


def _given(method: str, items: Sequence[Item], given: Mapping[str, str], settings: SplitSettings) -> Assignment:
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
  warnings = ['data.split.group_by has no effect on splits that the folder gives itself.'] if settings.group_by else []
  return Assignment(method, split_of, left_out=tuple(left_out), warnings=tuple(warnings))
