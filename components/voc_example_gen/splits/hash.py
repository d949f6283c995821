"""Divides by a hash of each group's content or name: adding images never moves an old one."""

from collections.abc import Mapping

import numpy as np

from components.voc_example_gen.groups import Groups
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN, ComputedMethod


def divide(groups: Groups, fractions: Mapping[str, float]) -> tuple[np.ndarray, list[str]]:
  """See ComputedMethod.divide; class names are not used."""
  names = list(fractions)
  splits = np.array([names.index(place(position, fractions)) for position in groups.positions], np.int8)
  warnings = []
  if len(splits) > 1:
    for missing, nearest in ((EVAL, 0), (TRAIN, -1)):
      if names.index(missing) not in splits:
        splits[nearest] = names.index(missing)
        warnings.append(f'So few images that the hash gave none to {missing}; the nearest one was moved there.')
  return splits, warnings


def place(position: float, fractions: Mapping[str, float]) -> str:
  """See ComputedMethod.place."""
  held_out = fractions[EVAL] + fractions.get(TEST, 0.0)
  return EVAL if position < fractions[EVAL] else TEST if position < held_out else TRAIN


METHOD = ComputedMethod('hash', preference=4, divide=divide, place=place)
