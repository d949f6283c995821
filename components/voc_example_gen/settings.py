"""What a user can choose about ingestion, typed; the keys of the run config's `data` section."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import pydantic

from detection.base.settings import Settings

TRAIN, EVAL, TEST = 'train', 'eval', 'test'


class SplitSettings(Settings):
  """How images are divided.

  Attributes:
    method: 'imagesets' (ImageSets/Main lists), 'folders' (train/, valid/, test/), 'hash' (by content: adding images
      never moves an old one), 'stratified' (each class has its share in each split), or 'auto': imagesets where such
      lists exist, else folders where both a train and a held-out folder exist, else hash.
    eval_fraction, test_fraction: shares of the images, for hash and stratified.
    seed: another seed gives another division.
    group_by: regular expression on file names; images with an equal first group (or whole match) stay together.
    keep_test: for imagesets and folders that have validation and test images: write the latter as a split `test`
      instead of setting them aside.
  """

  method: Literal['auto', 'imagesets', 'folders', 'hash', 'stratified'] = 'auto'
  eval_fraction: float = pydantic.Field(0.2, gt=0, lt=1)
  test_fraction: float = pydantic.Field(0.0, ge=0, lt=1)
  seed: int = 0
  group_by: str | None = None
  keep_test: bool = False

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
  """Attributes:
  data_format: 'voc', 'coco', 'yolo', 'csv', or 'auto': whichever describes the most images of the folder. 'images': no
    annotation is read, every image stands without objects in the split train.
  max_bad_fraction: share of files that may be refused before ingestion fails.
  keep_negatives: whether images annotated as having no objects are used.
  single_class: every object gets this class name, for a detector that finds and does not name; '' keeps the names.
  """

  data_format: Literal['auto', 'voc', 'coco', 'yolo', 'csv', 'images'] = 'auto'
  split: SplitSettings = SplitSettings()
  max_bad_fraction: float = pydantic.Field(0.05, ge=0, le=1)
  keep_negatives: bool = True
  single_class: str = ''
