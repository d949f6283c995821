"""What a user can choose about ingestion, typed; the keys of the run config's `data` section."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import v1 as pydantic

from components.voc_example_gen import digests
from components.voc_example_gen.formats import READERS
from components.voc_example_gen.splits import METHODS
from detection.base import suggest
from detection.base.settings import Settings

AUTO = 'auto'
# What data.format of a run config may be.
LABELLED_FORMATS = (AUTO, *(reader.name for reader in READERS.values() if reader.labelled))


def known_name(value: str, known: Collection[str]) -> str:
  """Returns `value`.

  Raises:
    ValueError: if it is not among `known`; names these, and the nearest one.
  """
  if value in known:
    return value
  nearest = suggest.nearest(value, known)
  hint = f'; nearest: {nearest!r}' if nearest else ''
  raise ValueError(f'unexpected value; permitted: {", ".join(map(repr, known))}{hint}')


class SplitSettings(Settings):
  """How images are divided.

  Attributes:
    method: 'imagesets' (ImageSets/Main lists), 'declared' (a data.yaml's train and val), 'folders' (train/, valid/,
      test/), 'hash' (by content: adding images never moves an old one), 'stratified' (each class has its fraction of
      images in each split), or 'auto': the first of imagesets, declared and folders that gives images to train and to
      a held-out split, else hash.
    eval_fraction, test_fraction: of the images, for hash and stratified.
    seed: another seed gives another division.
    group_by: regular expression on file names; images with an equal first group (or whole match) stay together.
    keep_test: for imagesets and folders that have validation and test images: write the latter as a split `test`
      instead of setting them aside.
  """

  method: str = AUTO
  eval_fraction: float = pydantic.Field(0.2, gt=0, lt=1)
  test_fraction: float = pydantic.Field(0.0, ge=0, lt=1)
  seed: int = 0
  group_by: str | None = None
  keep_test: bool = False

  @pydantic.validator('method')
  def _is_known(cls, value: str) -> str:
    return known_name(value, (AUTO, *METHODS))

  @pydantic.validator('group_by')
  def _compiles(cls, value: str | None) -> str | None:
    if value:
      try:
        re.compile(value)
      except re.error as error:
        raise ValueError(f'not a regular expression: {error}') from error
    return value or None

  @pydantic.validator('test_fraction')
  def _leaves_train(cls, value: float, values: Mapping[str, Any]) -> float:
    if value + values.get('eval_fraction', 0) >= 1:
      raise ValueError('eval_fraction and test_fraction together must leave something to train on (less than 1)')
    return value


class IngestSettings(Settings):
  """How a data folder is read.

  Attributes:
    data_format: the name of a reader in formats/; or 'auto' for the labelled format that describes the most images of
      the folder.
    split: how its images are divided.
    max_bad_fraction: fraction of files that may be refused before ingestion fails.
    keep_negatives: whether images annotated as having no objects are used.
    fingerprint: what tells that the data has changed: 'listing' (paths, sizes and times of files) or 'content'.
  """

  data_format: str = AUTO
  split: SplitSettings = SplitSettings()
  max_bad_fraction: float = pydantic.Field(0.05, ge=0, le=1)
  keep_negatives: bool = True
  fingerprint: str = digests.LISTING

  @pydantic.validator('fingerprint')
  def _is_a_kind(cls, value: str) -> str:
    return known_name(value, digests.KINDS)

  @pydantic.validator('data_format')
  def _is_known(cls, value: str) -> str:
    return known_name(value, (AUTO, *READERS))
