"""Runs the pipeline on this machine: LocalDagRunner, Beam's DirectRunner, metadata in SQLite."""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import sys
import time
from collections.abc import Iterator

from detection import tracking
from detection.base.errors import ConfigError
from pipeline.config import RunConfig, absolute


def run(config: RunConfig) -> int:
  """Runs every step that is not served from the cache, and prints how it ended.

  Everything is kept under <output_root>/<name>: pipeline/ (artifacts), metadata.db, logs/, serving/ (pushed models).

  Returns:
    The exit status: 0 if a model was pushed, 3 if it was not blessed.

  Raises:
    UserError: if the config cannot be run, or the data cannot be used.
  """
  home = os.path.join(absolute(config.output_root), config.name)
  _make_writable(home, 'output_root')
  log = os.path.join(home, 'logs', f'{datetime.datetime.now():%Y%m%d-%H%M%S}.log')
  print(f'{config.name}: log in {log}', flush=True)
  with _output_in(log):
    # Imported here: TensorFlow and TFX print pages of notes when they are imported, and those belong in the log.
    from absl import logging as absl_logging
    from tfx.orchestration import metadata
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    # Set explicitly: saving a model resets absl to what was set, and to warnings alone where nothing was.
    absl_logging.set_verbosity(absl_logging.INFO)

    from pipeline import outcome
    from pipeline.pipeline import RunContext, create_pipeline

    destination = absolute(config.push.destination or os.path.join(home, 'serving'))
    _make_writable(destination, 'push.destination')
    connection = metadata.sqlite_metadata_connection_config(os.path.join(home, 'metadata.db'))
    target = absolute(config.adapt.target) if config.adapt else ''
    context = RunContext(
      os.path.join(home, 'pipeline'), absolute(config.data.root), destination, connection, target_root=target
    )
    pipeline = create_pipeline(config, context)
    shown = _steps_shown([component.id for component in pipeline.components])
    with tracking.local_run(config.track, config.name), shown:
      LocalDagRunner().run(pipeline)
    result = outcome.read(connection, config.name)
  print(outcome.describe(result))
  return 0 if result.pushed else 3


def _make_writable(folder: str, field: str) -> None:
  try:
    os.makedirs(folder, exist_ok=True)
    probe = os.path.join(folder, f'.writable-{os.getpid()}')
    with open(probe, 'w'):
      pass
    os.remove(probe)
  except OSError as error:
    raise ConfigError(f'{field}: "{folder}" cannot be written to: {error.strerror}.') from error


@contextlib.contextmanager
def _output_in(log: str) -> Iterator[None]:
  """Sends stderr (file descriptor 2) and all logging to the log file; stdout stays for the user."""
  os.makedirs(os.path.dirname(log), exist_ok=True)
  sys.stderr.flush()
  with open(log, 'a', encoding='utf-8') as file:
    screen = os.dup(2)
    os.dup2(file.fileno(), 2)
    handler = logging.StreamHandler(file)
    handler.setFormatter(logging.Formatter('%(asctime)s %(levelname)s %(name)s: %(message)s'))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
      yield
    finally:
      root.removeHandler(handler)
      root.setLevel(level)
      sys.stderr.flush()
      os.dup2(screen, 2)
      os.close(screen)


@contextlib.contextmanager
def _steps_shown(names: list[str]) -> Iterator[None]:
  """Prints a line when a step begins and one when it ends, as LocalDagRunner logs them."""
  handler = _StepLines(names)
  root = logging.getLogger()
  root.addHandler(handler)
  try:
    yield
  finally:
    root.removeHandler(handler)


class _StepLines(logging.Handler):
  def __init__(self, names: list[str]) -> None:
    super().__init__(logging.INFO)
    self._names, self._begun, self._cached = names, 0.0, False

  def emit(self, record: logging.LogRecord) -> None:
    message = record.getMessage()
    if message.startswith('Component ') and message.endswith(' is running.'):
      name = message.split()[1]
      self._begun, self._cached = time.monotonic(), False
      number = self._names.index(name) + 1 if name in self._names else 0
      print(f'[{number}/{len(self._names)}] {name}', flush=True)
    elif message.startswith('A cached execution'):
      self._cached = True
    elif message.startswith('Component ') and message.endswith(' is finished.'):
      how = 'from the cache' if self._cached else f'{time.monotonic() - self._begun:.1f} s'
      print(f'      {message.split()[1]}: {how}', flush=True)
