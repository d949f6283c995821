"""The errors that a user can correct. Everything else is a bug and keeps its traceback."""

import contextlib
from collections.abc import Iterable, Iterator


class UserError(Exception):
  """Shown as one line, without a traceback: what was expected, what was received, where, and what to do."""

  exit_status = 1


class ConfigError(UserError):
  """A mistake in a run config, on the command line or in a pipeline.config."""

  exit_status = 2


class DataError(UserError):
  """Data that cannot be used: a folder, an annotation file, an image, a checkpoint."""


@contextlib.contextmanager
def collected(problems: list[str]) -> Iterator[None]:
  """Adds a ConfigError raised in the block to `problems`, so that the user gets all mistakes at once."""
  try:
    yield
  except ConfigError as error:
    problems.append(str(error))


def joined(problems: Iterable[str]) -> str:
  """Several problems as one line."""
  return ' Also: '.join(problems)
