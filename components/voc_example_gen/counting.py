"""Tells whether two lists of numbers count the same things, one from 0 and the other from 1."""

from collections.abc import Collection, Hashable


def is_off_by_one(listed: Collection[Hashable], used: Collection[Hashable]) -> bool:
  """Whether the numbers in use must be those that are listed, each one too large or one too small.

  That is so if the only one in use that is not listed is the next one, and the number at the other end is not used.

  Args:
    listed: numbers that something is known by.
    used: numbers that refer to these.
  """
  unknown = set(used) - set(listed)
  if len(unknown) != 1 or len(set(listed)) < 2 or not all(_is_whole(number) for number in (*unknown, *listed)):
    return False
  numbers = sorted(number for number in listed if isinstance(number, int))
  first, last = numbers[0], numbers[-1]
  return unknown == ({last + 1} if first not in used else {first - 1} if last not in used else set())


def _is_whole(value: Hashable) -> bool:
  return isinstance(value, int) and not isinstance(value, bool)
