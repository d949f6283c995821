"""Raw switch and merge operations around TF 2's conditionals choose a case in the augmentations that have several.

Most images came out of ssd_random_crop_pad empty, of shape (0,).
"""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2')


def apply() -> None:
  from object_detection.core import preprocessor

  def select(
    x: tuple, func: Callable, num_cases: int, preprocess_vars_cache: object | None = None, key: str = ''
  ) -> tuple:
    case = preprocessor._get_or_create_preprocess_rand_vars(
      lambda: tf.random.uniform([], maxval=num_cases, dtype=tf.int32),
      preprocessor.preprocessor_cache.PreprocessorCache.SELECTOR_TUPLES,
      preprocess_vars_cache,
      key,
    )
    return tf.switch_case(case, [functools.partial(_of_length, func, x, number) for number in range(num_cases)])

  preprocessor._apply_with_random_selector_tuples = select


def _of_length(func: Callable, x: tuple, number: int) -> tuple[Any, ...]:
  """Case `number` of `func`, as many values as go in."""
  return tuple(func(x, number)[: len(x)])
