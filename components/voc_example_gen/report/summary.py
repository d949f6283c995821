"""Adds up what ingestion found in all images: the ingest report, and whether the data can be used."""

import bisect
import dataclasses
import json
import math
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from components.voc_example_gen import misread, plan, spelling
from components.voc_example_gen.annotation import BoxRule
from components.voc_example_gen.formats import READERS
from components.voc_example_gen.ingest import SIZE_DISAGREES, Outcome
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.report import lookalikes
from components.voc_example_gen.split_method import EVAL, TRAIN
from detection.base.errors import DataError

MAX_OFFENDERS = 12
MAX_COMPARED = 10_000  # annotation files with another name than their image
MAX_NAMED = 3  # images that a warning names
# What a user should know about the images with a BoxRule or note: the warning's first words.
WARNED = {
  BoxRule.SCALED.value: 'Annotations declare another size than the image has, of the same shape; boxes were scaled',
  SIZE_DISAGREES: 'Annotations declare another size than the image has; boxes were taken as they are',
  BoxRule.FRACTIONS.value: 'Boxes in columns of pixels are fractions, and were read as such',
  BoxRule.TURN_UNKNOWN.value: 'Boxes are turned by an angle in an unknown unit, and were left upright',
}
# Lower edges of bins. Box size: square root of (box area / image area). Aspect: width / height, in pixels.
SIZE_EDGES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
ASPECT_EDGES = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.33, 2.0, 4.0, 8.0)


@dataclasses.dataclass
class Tally:
  """Counts over the images of a run.

  Attributes:
    refused: files that are not used, and why.
    images, negatives: images, and images without objects, of each split.
    class_images, class_objects: {class: images, or objects, of each split}.
    rules, notes: how often each BoxRule was applied, and each note of an Outcome given.
    sizes, aspects: objects in each bin of SIZE_EDGES and ASPECT_EDGES.
    thumbs: the difference hash of each image that is used, if it is to be compared here.
    alike: what comparing them elsewhere has found; None if it is to be done here.
    offenders: (- number of boxes mended or dropped, image) of the MAX_OFFENDERS images with the most.
    warned: {key of WARNED: how many images with objects have it}.
    signs: that numbers were misread.
    names: (image, what its annotation file calls it) where these differ, of the first MAX_COMPARED.
    named: {key of WARNED: the first MAX_NAMED of these images, by name}.
  """

  refused: list[Refusal]
  images: Counter[str] = dataclasses.field(default_factory=Counter)
  negatives: Counter[str] = dataclasses.field(default_factory=Counter)
  class_images: dict[str, Counter[str]] = dataclasses.field(default_factory=lambda: defaultdict(Counter))
  class_objects: dict[str, Counter[str]] = dataclasses.field(default_factory=lambda: defaultdict(Counter))
  rules: Counter[str] = dataclasses.field(default_factory=Counter)
  notes: Counter[str] = dataclasses.field(default_factory=Counter)
  sizes: Counter[int] = dataclasses.field(default_factory=Counter)
  aspects: Counter[int] = dataclasses.field(default_factory=Counter)
  thumbs: lookalikes.Thumbs = dataclasses.field(default_factory=lookalikes.Thumbs)
  alike: list[lookalikes.Lookalike] | None = None
  offenders: list[tuple[int, str]] = dataclasses.field(default_factory=list)
  warned: Counter[str] = dataclasses.field(default_factory=Counter)
  signs: misread.Signs = dataclasses.field(default_factory=misread.Signs)
  names: list[tuple[str, str]] = dataclasses.field(default_factory=list)
  named: dict[str, list[str]] = dataclasses.field(default_factory=lambda: defaultdict(list))

  def add(self, outcome: Outcome) -> None:
    self._add_signs(outcome)
    if outcome.names and len(self.names) < MAX_COMPARED:
      self.names.append((outcome.image, outcome.names))
    if outcome.rules or outcome.notes:
      self._add_rules(outcome)
    if outcome.reason:
      self.refused.append(Refusal(outcome.file or outcome.image, Reason(outcome.reason), outcome.detail))
      return
    if outcome.thumb is not None and self.alike is None:
      self.thumbs.add(outcome.image, outcome.split, outcome.thumb)
    self.images[outcome.split] += 1
    self.negatives[outcome.split] += not outcome.objects
    for label in {label for label, _, _ in outcome.objects}:
      self.class_images[label][outcome.split] += 1
    for label, width, height in outcome.objects:
      self.class_objects[label][outcome.split] += 1
      self.sizes[_bin(math.sqrt(width * height), SIZE_EDGES)] += 1
      self.aspects[_bin(width * outcome.width / (height * outcome.height), ASPECT_EDGES)] += 1

  def merge(self, other: 'Tally') -> None:
    """Adds what another one has added up, as if its images came after those of this one."""
    self.refused += other.refused
    for mine, others in zip(self._counters(), other._counters(), strict=True):
      mine.update(others)
    for known, more in ((self.class_images, other.class_images), (self.class_objects, other.class_objects)):
      for label, counts in more.items():
        known[label].update(counts)
    self.names = [*self.names, *other.names[: MAX_COMPARED - len(self.names)]]
    self._add_offenders(other.offenders)
    for key, images in other.named.items():
      self.named[key] = sorted([*self.named[key], *images])[:MAX_NAMED]
    self.signs.merge(other.signs, MAX_NAMED)

  def _counters(self) -> tuple[Counter[Any], ...]:
    return (self.images, self.negatives, self.rules, self.notes, self.sizes, self.aspects, self.warned)

  def _add_offenders(self, more: list[tuple[int, str]]) -> None:
    self.offenders = sorted([*self.offenders, *more])[:MAX_OFFENDERS]

  def _add_signs(self, outcome: Outcome) -> None:
    swapped = outcome.rules.get(BoxRule.SWAPPED.value, 0)
    first = [outcome.image] if outcome.outside else []
    signs = misread.Signs(outcome.annotated, swapped, outcome.outside, outcome.like_corners, outcome.reach, first)
    self.signs.merge(signs, MAX_NAMED)

  def _add_rules(self, outcome: Outcome) -> None:
    self.rules.update(outcome.rules)
    self.notes.update(outcome.notes)
    if outcome.rules:
      self._add_offenders([(-sum(outcome.rules.values()), outcome.image)])
    if outcome.objects:
      self._warn_of(outcome)

  def _warn_of(self, outcome: Outcome) -> None:
    for key in WARNED.keys() & {*outcome.rules, *outcome.notes}:
      self.warned[key] += 1
      self.named[key] = sorted([*self.named[key], outcome.image])[:MAX_NAMED]

  @property
  def bad(self) -> list[Refusal]:
    return [refusal for refusal in self.refused if refusal.is_bad]

  @property
  def set_aside(self) -> list[Refusal]:
    return [refusal for refusal in self.refused if not refusal.is_bad]

  @property
  def bad_fraction(self) -> float:
    """Refused files out of all that were refused or used."""
    return len(self.bad) / max(1, len(self.bad) + sum(self.images.values()))


def _bin(value: float, edges: tuple[float, ...]) -> int:
  """Index of the last edge at or below `value`."""
  return max(bisect.bisect_right(edges, value) - 1, 0)


def gather(planned: plan.Plan, outcomes: Iterable[Outcome]) -> Tally:
  """Adds up what became of every file."""
  tally = Tally(list(planned.refused))
  for outcome in outcomes:
    tally.add(outcome)
  return tally


def require_usable(planned: plan.Plan, tally: Tally, max_bad_fraction: float) -> None:
  """Checks that the data can be used.

  Raises:
    DataError: if too many files were refused; if no object is left, or no image in train or eval; or, where the format
      is not labelled, if no image is left at all.
  """
  if tally.bad_fraction > max_bad_fraction:
    raise DataError(f'{planned.root}: {_too_many_refused(tally, max_bad_fraction)}')
  if not planned.labelled:
    if not tally.images:
      raise DataError(f'{planned.root}: no usable image among {len(tally.refused)} files. Expected at least one.')
    return
  if not tally.class_objects:
    raise DataError(
      f'{planned.root}: no objects in any of {sum(tally.images.values())} images. Expected at least one labelled box: '
      'label some objects (in VOC, <object> elements).'
    )
  for split in (TRAIN, EVAL):
    if not tally.images[split]:
      raise DataError(
        f'{planned.root}: no usable image is left for the split "{split}". Add images, or change data.split. '
        'See what was refused with: detection-pipeline check-data'
      )


def _too_many_refused(tally: Tally, max_bad_fraction: float) -> str:
  reasons = Counter(refusal.reason.value for refusal in tally.bad)
  listed = ', '.join(f'{reason}: {count}' for reason, count in reasons.most_common())
  first = tally.bad[0]
  files = len(tally.bad) + sum(tally.images.values())
  return (
    f'{len(tally.bad)} of {files} files refused ({listed}); expected at most {max_bad_fraction:.0%} '
    f'(data.max_bad_fraction). First: {first.path}: {first.reason.value}: {first.detail}. '
    'See them all with: detection-pipeline check-data'
  )


def in_short(tally: Tally) -> str:
  """The state of the data in one sentence."""
  images = ', '.join(f'{split} {count}' for split, count in sorted(tally.images.items()))
  objects = sum(sum(counts.values()) for counts in tally.class_objects.values())
  return (
    f'Images: {images}; {objects} objects in {len(tally.class_objects)} classes; '
    f'{len(tally.bad)} files refused, {len(tally.set_aside)} set aside.'
  )


def as_dict(planned: plan.Plan, tally: Tally) -> dict[str, Any]:
  """The report as JSON values; the same data gives the same report."""
  return {
    'data_root': planned.root,
    'data_format': planned.data_format,
    'split_method': planned.split_method,
    'input_fingerprint': planned.fingerprint,
    'images': dict(sorted(tally.images.items())),
    'negatives': dict(sorted(tally.negatives.items())),
    'classes': {
      label: {'images': dict(sorted(tally.class_images[label].items())), 'objects': dict(sorted(objects.items()))}
      for label, objects in sorted(tally.class_objects.items())
    },
    'bad_fraction': round(tally.bad_fraction, 6),
    'refused': _listed(tally.bad),
    'set_aside': _listed(tally.set_aside),
    'boxes': dict(sorted(tally.rules.items())),
    'notes': dict(sorted(tally.notes.items())),
    'box_sizes': _histogram(tally.sizes, SIZE_EDGES),
    'box_aspects': _histogram(tally.aspects, ASPECT_EDGES),
    'lookalikes': [dataclasses.asdict(pair) for pair in _lookalikes(tally)],
    'offenders': [{'file': image, 'boxes': -count} for count, image in tally.offenders],
    'warnings': [
      *planned.warnings,
      *_named_otherwise(planned, tally),
      *_mended(tally),
      *_misread(planned, tally),
      *_balance(tally),
    ],
  }


def _lookalikes(tally: Tally) -> list[lookalikes.Lookalike]:
  return lookalikes.across_splits(tally.thumbs) if tally.alike is None else tally.alike


def _histogram(counts: Counter[int], edges: tuple[float, ...]) -> list[dict[str, float]]:
  """Each bin with its lower edge (the last is open upwards)."""
  return [{'from': edge, 'objects': counts[index]} for index, edge in enumerate(edges)]


def _named_otherwise(planned: plan.Plan, tally: Tally) -> Iterator[str]:
  """Says if annotation files name another image of the folder than the one of their own name."""
  named = {posixpath.splitext(name)[0] for _, name in tally.names}
  stems = {stem for item in planned.items() if (stem := spelling.stem(item.image)) in named} if named else set()
  others = sorted(f'{image} ({name})' for image, name in tally.names if posixpath.splitext(name)[0] in stems)
  if others:
    yield (
      f'{len(others)} annotation files name another image of the folder than the one of their own name, which is used: '
      f'{spelling.some(others)}.'
    )


def _mended(tally: Tally) -> list[str]:
  """How the boxes of many images were read, with the first images' names."""
  found = []
  for key, words in WARNED.items():
    if count := tally.warned[key]:
      more = f' and {count - MAX_NAMED} more' if count > MAX_NAMED else ''
      found.append(f'{words}: {", ".join(tally.named[key])}{more}.')
  return found


def _misread(planned: plan.Plan, tally: Tally) -> Iterator[str]:
  """Says if the numbers of most boxes cannot be what their columns say."""
  return misread.warnings(tally.signs, READERS[planned.data_format].box_form)


def _balance(tally: Tally) -> list[str]:
  """What a user should know about class balance before training."""
  found = []
  for label, images in sorted(tally.class_images.items()):
    if sum(images.values()) == 1:
      found.append(f'Class "{label}" is in one image only.')
    else:
      found += [f'Class "{label}" is not in {split}.' for split in sorted(tally.images) if not images[split]]
  return found


def _listed(refusals: list[Refusal]) -> list[dict[str, str]]:
  return [
    {'file': refusal.path, 'reason': refusal.reason.value, 'detail': refusal.detail}
    for refusal in sorted(refusals, key=lambda refusal: (refusal.path, refusal.reason.value))
  ]


def as_json(report: dict[str, Any]) -> str:
  return json.dumps(report, indent=2) + '\n'
