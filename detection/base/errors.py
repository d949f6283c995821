"""The errors a user can mend. Everything else is a bug and keeps its traceback."""


class UserError(Exception):
  """Shown as one line, without a traceback: what was expected, what was received, where, and what to do."""

  exit_status = 1


class ConfigError(UserError):
  """A run config, command line or pipeline.config the user can mend."""

  exit_status = 2


class DataError(UserError):
  """Data that cannot be used: a folder, an annotation file, an image, a checkpoint."""
