"""Chooses how the images are divided into splits, as far as that can be decided before an image is read."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

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
    return place(groups.position(self.seed, key), self.fractions) if place else TRAIN

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


@dataclasses.dataclass(frozen=True)
class Choice:
  """How the images of a folder are divided.

  Attributes:
    method: a method's name; never 'auto'.
    placing: gives the splits, if they are computed.
    names: {split as the folder gives it: split in which its images are, '' for none}, if the folder gives the splits.
    warnings: what a user should know, one sentence each.
  """

  method: str
  placing: Placing = Placing()
  names: Mapping[str, str] = dataclasses.field(default_factory=dict)
  warnings: tuple[str, ...] = ()

  def take(self, items: Sequence[Item], given: Mapping[str, str]) -> tuple[dict[str, str], tuple[Refusal, ...]]:
    """The splits that the folder gives these items.

    Args:
      items: any of the annotated images.
      given: {image path: split as the folder gives it}.

    Returns:
      {image path: split}; and the items that are in none.
    """
    split_of, left_out = {}, []
    for item in items:
      named = given.get(item.image, '')
      if self.names.get(named):
        split_of[item.image] = self.names[named]
      else:
        detail = (
          'in the test set; data.split.keep_test would write it' if named == TEST else f'not named by {self.method}'
        )
        left_out.append(Refusal(item.image, Reason.NOT_IN_A_SPLIT, detail))
    return split_of, tuple(left_out)


# {split as the folder gives it: how many images it gives it}, by a method of the kind that reads the folder.
CountsBy = Callable[[GivenMethod], Mapping[str, int]]


def assign(items: Sequence[Item], settings: SplitSettings, tree: Tree) -> Assignment:
  """Chooses the method, and takes the splits that the folder gives.

  Args:
    items: the annotated images.
    settings: the method and its parameters.
    tree: the folder's listing, for methods that read the folder.

  Raises:
    DataError: if the method does not fit the folder, or leaves train or eval without an image.
  """
  given: dict[str, Mapping[str, str]] = {}

  def counts(method: GivenMethod) -> Mapping[str, int]:
    given[method.name] = method.read(tree, items)
    return Counter(given[method.name].values())

  choice = choose(settings, tree, counts, len(items))
  if choice.placing.method:
    return Assignment(choice.method, placing=choice.placing, warnings=choice.warnings)
  split_of, left_out = choice.take(items, given[choice.method])
  return Assignment(choice.method, split_of, left_out=left_out, warnings=choice.warnings)


def choose(settings: SplitSettings, tree: Tree, counts: CountsBy, images: int) -> Choice:
  """Chooses the method.

  Args:
    settings: the method and its parameters.
    tree: the folder's listing, for methods that read the folder.
    counts: what a method would give; asked one after the other.
    images: how many images are annotated.

  Raises:
    DataError: if the method does not fit the folder, or leaves train or eval without an image.
  """
  method, found, notices = _choose(settings, tree, counts)
  if isinstance(method, ComputedMethod):
    fractions = {TRAIN: 1 - settings.eval_fraction - settings.test_fraction, EVAL: settings.eval_fraction}
    if settings.test_fraction:
      fractions[TEST] = settings.test_fraction
    placing = Placing(method.name, fractions, settings.seed, settings.group_by)
    return Choice(method.name, placing, warnings=tuple(notices))
  names = {TRAIN: TRAIN, EVAL: EVAL, TEST: TEST if settings.keep_test and EVAL in found else ''}
  if EVAL not in found:  # a test set takes the place of a missing validation set
    names[TEST] = EVAL
  require_both(tree.root, method.name, {names.get(split, '') for split in found}, images)
  if settings.group_by:
    notices.append('data.split.group_by has no effect on splits that the folder gives itself.')
  return Choice(method.name, names=names, warnings=tuple(notices))


def require_both(root: str, method: str, filled: Collection[str], images: int) -> None:
  """Raises DataError if `filled`, the splits that have images, lacks train or eval."""
  for split in (TRAIN, EVAL):
    if split not in filled:
      raise DataError(
        f'{root}: data.split.method {method} leaves no image for the split "{split}" out of {images}. '
        'Expected at least two different annotated images; add images, or choose another data.split.method.'
      )


def _choose(settings: SplitSettings, tree: Tree, counts: CountsBy) -> tuple[SplitMethod, Mapping[str, int], list[str]]:
  """The method; for a GivenMethod how many images the folder gives each split; and warnings about those passed over."""
  if settings.method != AUTO:
    method = METHODS[settings.method]
    return method, _required(method, tree, counts) if isinstance(method, GivenMethod) else {}, []
  notices: list[str] = []
  for method in METHODS.values():
    if method.preference is None:
      continue
    if isinstance(method, ComputedMethod):
      return method, {}, notices
    found = counts(method)
    if TRAIN in found and len(found) > 1:
      return method, found, notices
    if files := [] if found else method.declaring(tree):
      notices.append(f'{some(files)}: splits are declared there, and none of their images is in the folder.')
    if found:
      only = ', '.join(sorted(found))
      notices.append(
        f'The split method {method.name} gives {sum(found.values())} images to {only} and none to another split.'
      )
  raise ValueError('expected a ComputedMethod with a preference among the split methods')


def _required(method: GivenMethod, tree: Tree, counts: CountsBy) -> Mapping[str, int]:
  """How many images each split gets by a method that the user named."""
  found = counts(method)
  if not found:
    raise DataError(
      f'{tree.root}: data.split.method {method.name}: expected {method.expected}, found none. '
      f'{method.remedy}, or choose another data.split.method.'
    )
  return found
