"""The study of a search: one Optuna study that all processes of the search share.

Every process is a peer. It asks for a trial, trains it, reports its evaluations, and tells how it ended. Trial numbers
are given out by the storage, each once. A trial belongs to the machine that began it. When that machine is started
again, it takes the trial up where it was; when it stays away, the others count the trial as failed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import optuna
from optuna.storages import BaseStorage
from optuna.storages._heartbeat import get_heartbeat_thread
from optuna.trial import FrozenTrial, TrialState

from components.tuner import optuna_trials, space, storage
from components.tuner.pruner import pruner_of
from components.tuner.results import COMPLETE, FAILED, PRUNED, TrialResult
from components.tuner.sampler import SearchSampler
from components.tuner.settings import TuneSettings
from components.tuner.storage import StudyLocation

_POLL_SECONDS = 1.0
_STATES = {COMPLETE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED, FAILED: TrialState.FAIL}


def load(tune: TuneSettings, location: StudyLocation) -> optuna.Study:
  """The study as it is.

  Raises:
    KeyError: if it was not created yet.
    ConfigError: as storage.open_storage.
  """
  return _load(tune, storage.open_storage(location.storage), location.name)


def _load(tune: TuneSettings, opened: BaseStorage, name: str) -> optuna.Study:
  return optuna.load_study(study_name=name, storage=opened, sampler=SearchSampler(tune), pruner=pruner_of(tune))


def trial_of(study: optuna.Study, number: int) -> optuna.Trial:
  """A trial that was begun, to report to."""
  return optuna.Trial(study, study.get_trials(deepcopy=False)[number]._trial_id)


class SearchStudy:
  """One machine's part in the search; its methods may be called from several threads."""

  def __init__(
    self,
    tune: TuneSettings,
    location: StudyLocation,
    node: int = 0,
    wait: Callable[[float], object] = time.sleep,
  ) -> None:
    """Creates the study on node 0; waits for it on other nodes.

    Args:
      tune: the search.
      location: of the study.
      node: number of this machine, from 0.
      wait: for so many seconds.
    """
    self.tune = tune
    self.node = node
    self._wait = wait
    self._save = location.save
    self._lock = threading.Lock()
    self._begun: set[int] = set()
    opened = storage.open_storage(location.storage)
    self._study = self._create(opened, location.name) if node == 0 else self._wait_for(opened, location.name)
    for trial in self._cut_short():
      self._study._storage.record_heartbeat(trial._trial_id)

  def next_trial(self) -> TrialResult | None:
    """A trial to train: one of this machine's that was cut short, or a new one; None when all were begun."""
    with self._lock:
      trial = self._take_up() or self._begin()
      if trial is None:
        return None
      self._begun.add(trial.number)
      values = space.suggest(self.tune, trial) if trial.number > 0 else {}
      self._save()
      return TrialResult(trial.number, values, node=self.node)

  @contextlib.contextmanager
  def heartbeat(self, trial: TrialResult) -> Iterator[None]:
    """Shows the other machines, during a `with` block, that the trial is under way."""
    with get_heartbeat_thread(self._id_of(trial.number), self._study._storage):
      yield

  def end(self, result: TrialResult) -> None:
    """Stores how a trial ended, unless another machine has called it failed meanwhile."""
    with self._lock:
      trial_id = self._id_of(result.number)
      with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
        self._study._storage.set_trial_user_attr(trial_id, 'seconds', result.seconds)
        self._study._storage.set_trial_user_attr(trial_id, 'reason', result.reason)
        value = result.value if result.state == COMPLETE else None
        self._study.tell(result.number, value, _STATES[result.state], skip_if_finished=True)
      self._save()

  def wait_until_ended(self) -> list[TrialResult]:
    """Waits for the trials of other machines; returns all trials, by number."""
    while any(trial.state == TrialState.RUNNING for trial in self._trials()):
      optuna.storages.fail_stale_trials(self._study)
      self._wait(_POLL_SECONDS)
    return self.results()

  def results(self) -> list[TrialResult]:
    """All trials as they are now, by number."""
    return [optuna_trials.result_of(self.tune, trial) for trial in self._trials()]

  def _create(self, opened: BaseStorage, name: str) -> optuna.Study:
    optuna.create_study(study_name=name, storage=opened, direction='maximize', load_if_exists=True)
    return _load(self.tune, opened, name)

  def _wait_for(self, opened: BaseStorage, name: str) -> optuna.Study:
    while True:
      try:
        return _load(self.tune, opened, name)
      except KeyError:
        self._wait(_POLL_SECONDS)

  def _trials(self) -> list[FrozenTrial]:
    """Without those beyond the search's end, which peers may have begun when they asked at the same time."""
    return self._study.get_trials(deepcopy=False)[: self.tune.most_trials + 1]

  def _cut_short(self) -> list[FrozenTrial]:
    return [
      trial
      for trial in self._trials()
      if trial.state == TrialState.RUNNING and trial.user_attrs['node'] == self.node and trial.number not in self._begun
    ]

  def _take_up(self) -> optuna.Trial | None:
    return next((trial_of(self._study, trial.number) for trial in self._cut_short()), None)

  def _begin(self) -> optuna.Trial | None:
    optuna.storages.fail_stale_trials(self._study)
    if len(self._trials()) > self.tune.most_trials:
      return None
    # As Study.ask does, but with the machine's number from the first moment, so that a kill leaves no trial unowned.
    begun = optuna.trial.create_trial(state=TrialState.RUNNING, user_attrs={'node': self.node})
    trial = optuna.Trial(self._study, self._study._storage.create_new_trial(self._study._study_id, begun))
    if trial.number <= self.tune.most_trials:
      return trial
    self._study.tell(trial, state=TrialState.FAIL)
    return None

  def _id_of(self, number: int) -> int:
    return self._study.get_trials(deepcopy=False)[number]._trial_id
