"""Where the study of a search is stored: Optuna's journal file in the work folder, or a database.

All processes of a search share the storage: those on one machine and, if the journal is on a volume that all machines
mount or the study is in a database, those on other machines. An object store (s3://, gs://) can hold no journal, as
nothing can be appended to an object there: the journal is then kept on the disk of the one machine that searches, and
copied to the store after each change, so that a search started again elsewhere goes on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import posixpath
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator

import optuna
import sqlalchemy.exc
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from components.tuner.settings import TuneSettings
from detection.base import files
from detection.base.errors import ConfigError

# A trial whose process shows no sign of life for so long has failed. Long enough to start a lost machine anew.
SILENCE_SECONDS = 600
NO_SIGN_OF_LIFE = f'no sign of life for {SILENCE_SECONDS} s'
_HEARTBEAT_SECONDS = 60
_HEARTBEAT = 'heartbeat'
_JOURNAL = 'study.journal'

optuna.logging.set_verbosity(optuna.logging.WARNING)
# Heartbeats are marked so since Optuna 2.9; their behaviour is tested here.
warnings.filterwarnings('ignore', category=optuna.exceptions.ExperimentalWarning)
warnings.filterwarnings('ignore', message='Heartbeat of storage is supposed to be used with Study.optimize')


@dataclasses.dataclass(frozen=True)
class StudyLocation:
  """Where the study is.

  storage: path of a journal file on a file system, or the URL of a database.
  name: of the study in it.
  save: copies the journal to the object store that the work folder is in; does nothing elsewhere.
  """

  storage: str
  name: str
  save: Callable[[], None] = lambda: None


@contextlib.contextmanager
def study_location(tune: TuneSettings, work: str, node_count: int) -> Iterator[StudyLocation]:
  """The location of the study of the search in the folder `work`, for the time of a `with` block.

  Raises:
    ConfigError: if several machines search and have no storage that they could share.
  """
  name = posixpath.basename(work)
  if tune.storage:
    yield StudyLocation(tune.storage, name)
  elif not files.is_remote(work):
    files.makedirs(work)
    yield StudyLocation(files.join(work, _JOURNAL), name)
  elif node_count > 1:
    raise ConfigError(
      f'tune.storage: {node_count} machines cannot share a study in {work}. Expected the URL of a database, or a work '
      f'root on a volume that all machines mount.'
    )
  else:
    with tempfile.TemporaryDirectory() as folder:
      local, copy = files.join(folder, _JOURNAL), files.join(work, _JOURNAL)
      if files.exists(copy):
        files.write_bytes(local, files.read_bytes(copy))
      yield StudyLocation(local, name, lambda: _copy_whole_lines(local, copy))


def open_storage(location: str) -> BaseStorage:
  """The storage at a path or URL; $NAME in a URL is taken from the environment.

  Raises:
    ConfigError: if the database cannot be opened. The message does not hold the URL, which may hold a password.
  """
  if not files.is_remote(location):
    return HeartbeatJournal(JournalFileBackend(location))
  try:
    return RDBStorage(
      os.path.expandvars(location),
      heartbeat_interval=_HEARTBEAT_SECONDS,
      grace_period=SILENCE_SECONDS,
      heartbeat_stale_trial_callback=_report_stale,
    )
  except (ImportError, sqlalchemy.exc.SQLAlchemyError) as error:
    raise ConfigError(
      f'tune.storage: the database does not open: {str(error).splitlines()[0]} Expected a URL as SQLAlchemy takes it, '
      f'such as mysql+pymysql://user:$PASSWORD@host/name.'
    ) from error


class HeartbeatJournal(JournalStorage, BaseHeartbeat):
  """Optuna's journal with the heartbeats that Optuna gives to databases alone.

  A heartbeat is an attribute of the trial that changes every minute. No two clocks are compared: a trial is stale when
  this process has seen the same heartbeat for ten minutes by its own clock.
  """

  def __init__(self, backend: BaseJournalBackend, clock: Callable[[], float] = time.monotonic) -> None:
    super().__init__(backend)
    self._clock = clock
    self._seen: dict[int, tuple[str, float]] = {}

  def record_heartbeat(self, trial_id: int) -> None:
    with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):  # it ended between two heartbeats
      self.set_trial_system_attr(trial_id, _HEARTBEAT, uuid.uuid4().hex)

  def _get_stale_trial_ids(self, study_id: int) -> list[int]:
    now, stale = self._clock(), []
    for trial in self.get_all_trials(study_id, deepcopy=False, states=(TrialState.RUNNING,)):
      heartbeat = trial.system_attrs.get(_HEARTBEAT, '')
      before, since = self._seen.get(trial._trial_id, ('none seen yet', now))
      if heartbeat != before:
        self._seen[trial._trial_id] = heartbeat, now
      elif now - since > SILENCE_SECONDS:
        stale.append(trial._trial_id)
    return stale

  def get_heartbeat_interval(self) -> int:
    return _HEARTBEAT_SECONDS

  def get_heartbeat_stale_trial_callback(self) -> Callable[[optuna.Study, FrozenTrial], None]:
    return _report_stale


def _report_stale(study: optuna.Study, trial: FrozenTrial) -> None:
  print(f'trial {trial.number} on node {trial.user_attrs.get("node", 0)}: failed: {NO_SIGN_OF_LIFE}', flush=True)


def _copy_whole_lines(local: str, copy: str) -> None:
  """Copies a journal that others may be appending to: without the line that is being written."""
  content = files.read_bytes(local)
  files.write_bytes(copy, content[: content.rfind(b'\n') + 1])
