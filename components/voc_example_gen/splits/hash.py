"""Divides by a hash of each group's content or name: adding images never moves an old one."""

from collections.abc import Mapping

from components.voc_example_gen import groups as image_groups
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN, ComputedMethod, Groups, LabelsOf


def divide(
  groups: Groups, fractions: Mapping[str, float], seed: int, labels_of: LabelsOf
) -> tuple[dict[str, str], list[str]]:
  """See ComputedMethod.divide; class names are not used."""
  position = {key: image_groups.position(seed, key) for key in groups}
  splits = {key: place(key, fractions, seed) for key in groups}
  warnings = []
  if len(groups) > 1:
    for missing, extreme in ((EVAL, min), (TRAIN, max)):
      if missing not in splits.values():
        splits[extreme(position, key=position.__getitem__)] = missing
        warnings.append(f'So few images that the hash gave none to {missing}; the nearest one was moved there.')
  return splits, warnings


def place(key: str, fractions: Mapping[str, float], seed: int) -> str:
  """See ComputedMethod.place."""
  position = image_groups.position(seed, key)
  held_out = fractions[EVAL] + fractions.get(TEST, 0.0)
  return EVAL if position < fractions[EVAL] else TEST if position < held_out else TRAIN


METHOD = ComputedMethod('hash', preference=4, divide=divide, place=place)
