"""Values of an untrusted JSON file, taken for what they are and nothing else."""

from typing import Any


def is_number(value: Any) -> bool:
  """Whether it is a number; true and false are none, although Python counts with them."""
  return isinstance(value, int | float) and not isinstance(value, bool)


def text(value: Any) -> str:
  """A string; '' for anything else."""
  return value if isinstance(value, str) else ''


def size(value: Any) -> int | None:
  """An image's side in whole pixels; None if it is none."""
  return int(value) if is_number(value) and 1 <= value < 1e7 else None


def flag(value: Any) -> bool:
  """Whether it says yes: 1 or true, as a word too."""
  return str(value).strip().lower() in ('1', '1.0', 'true', 'yes')
