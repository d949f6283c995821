"""Trials on other nodes. Leader and followers share the search's work folder, and speak by files in it alone:

  node-K/alive          written by node K every so often, never twice the same
  node-K/assigned.json  the trial that node K shall train: written by the leader, removed by the node when it has ended
  ended                 written by the leader after the last trial: every node goes

Each file has one writer at a time, so nothing is claimed twice, and either side finds its place again after a kill.
Node 0 leads. No two clocks are compared: silence is what the leader's own clock says.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable

from components.tuner import here, search
from components.tuner import trial as trials_process
from components.tuner.here import IsStopped
from components.tuner.search import Trial
from detection.base import files

# Long enough to start a lost node anew, image and all.
SILENCE_SECONDS = 600.0
_FAREWELL_SECONDS = 60.0
_BEAT_SECONDS = 10.0
_POLL_SECONDS = 1.0
_ENDED = 'ended'
Clock = Callable[[], float]


class Node:
  """Another node, as the leader sees it: a place that trains one trial at a time."""

  def __init__(self, work: str, number: int, silence: float = SILENCE_SECONDS, clock: Clock = time.monotonic) -> None:
    """work: of the search. number: from 1. silence: seconds without a sign of life after which it is given up."""
    self.number = number
    self._alive, self._assigned = _signs(work, number)
    self._silence, self._clock = silence, clock
    self._last_sign, self._heard_at = self._sign(), clock()
    self._was_heard = False

  def is_ready(self) -> bool:
    """Whether it can be given a trial: it has shown life since this object was made, and not too long ago."""
    return self.silence() <= self._silence and self._was_heard

  def silence(self) -> float:
    """Seconds since its last sign of life."""
    sign = self._sign()
    if sign != self._last_sign:
      self._last_sign, self._heard_at, self._was_heard = sign, self._clock(), True
    return self._clock() - self._heard_at

  def train(self, trial: Trial, folder: str, is_stopped: IsStopped) -> Trial:
    """Gives it a prepared trial and waits; a node that falls silent has failed it.

    Raises:
      SystemExit: if the search is stopped; the node goes on with the trial, and a restarted search waits for it again.
    """
    result = files.join(folder, trials_process.RESULT)
    if not files.exists(result):
      files.write_text(self._assigned, json.dumps({'trial': trial.number}))
    self._heard_at = self._clock()
    while files.exists(self._assigned):
      if self.silence() > self._silence:
        files.remove_if_there(self._assigned)
        return search.failed(trial, f'node {self.number}: no sign of life for {self._silence:.0f} s')
      if is_stopped(_POLL_SECONDS):
        raise SystemExit(f'trial {trial.number} stays with node {self.number}')
    return search.load(files.read_text(result))[0]

  def is_gone(self) -> bool:
    """Whether nothing is to be expected of it any more."""
    return not files.exists(self._alive) or not self._was_heard or self.silence() > _FAREWELL_SECONDS

  def _sign(self) -> str:
    return files.read_text_if_there(self._alive)


def dismiss(work: str, nodes: Iterable[Node], wait: Callable[[float], object] = time.sleep) -> None:
  """Tells the nodes that the search has ended, and waits until they have gone or have been silent for a minute."""
  files.write_text(files.join(work, _ENDED), 'all trials have ended')  # S3 takes no empty file
  for node in nodes:
    while not node.is_gone():
      wait(_POLL_SECONDS)


class Follower:
  """This node, where another leads."""

  def __init__(
    self,
    work: str,
    number: int,
    clock: Clock = time.monotonic,
    wait: Callable[[float], object] = time.sleep,
    run: Callable[[Trial, str, int | None, IsStopped], Trial] = here.run_process,
  ) -> None:
    """work, number: as in Node. run: trains a prepared trial, as here.run_process."""
    self._work, self._number = work, number
    self._alive, self._assigned = _signs(work, number)
    self._clock, self._wait, self._run = clock, wait, run
    self._beat_at = -float('inf')

  def follow(self) -> None:
    """Trains what it is given until the search has ended.

    Raises:
      SystemExit: if it was asked to stop, or the leader took the trial back. Started again, it goes on.
    """
    while not files.exists(files.join(self._work, _ENDED)):
      self._show_life()
      given = files.read_text_if_there(self._assigned)
      if given:
        self._train(json.loads(given)['trial'])
        files.remove_if_there(self._assigned)
      else:
        self._wait(_POLL_SECONDS)
    files.remove_if_there(self._alive)

  def _train(self, number: int) -> None:
    folder = trials_process.folder_of(self._work, number)
    if files.exists(files.join(folder, trials_process.RESULT)):
      return  # killed between the result and the removal of its assignment
    trial = trials_process.prepared(folder)
    print(f'node {self._number}: trial {number}', flush=True)
    ended = self._run(trial, folder, None, self._is_taken_back)
    print(f'node {self._number}: trial {number}: {ended.state}', flush=True)
    trials_process.write_result(folder, ended)

  def _is_taken_back(self, seconds: float) -> bool:
    self._wait(seconds)
    return self._show_life() and not files.exists(self._assigned)

  def _show_life(self) -> bool:
    """Writes a new sign of life when it is time to; whether it was."""
    if self._clock() - self._beat_at < _BEAT_SECONDS:
      return False
    files.write_text(self._alive, uuid.uuid4().hex)
    self._beat_at = self._clock()
    return True


def _signs(work: str, number: int) -> tuple[str, str]:
  """Paths of a node's sign of life and of its assignment."""
  return tuple(files.join(work, f'node-{number}', name) for name in ('alive', 'assigned.json'))
