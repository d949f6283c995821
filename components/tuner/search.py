"""The loop of a search on one machine: ask for a trial, train it, tell how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent import futures

from components.tuner.results import TrialResult, outcome_text, values_text
from components.tuner.study import SearchStudy

# Trains a trial on a GPU of that number (None: on what is there) until it ends or the event is set.
Train = Callable[[TrialResult, int | None, threading.Event], TrialResult]


def run_search(study: SearchStudy, train: Train, devices: Sequence[int | None], node_count: int = 1) -> None:
  """Trains until all trials of the search were begun, one at a time on each device.

  Args:
    study: this machine's part in the search.
    train: trains one trial; returns how it ended. An exception ends the search here and leaves the trial as one that
      was cut short.
    devices: numbers of GPUs, one for each trial that runs at the same time; None: what is there.
    node_count: machines that search; from two on, the lines printed name the machine.
  """
  stopping = threading.Event()
  with futures.ThreadPoolExecutor(len(devices)) as pool:
    try:
      loops = [pool.submit(_train_trials, study, train, device, stopping, node_count) for device in devices]
      for loop in futures.as_completed(loops):
        loop.result()
    finally:
      stopping.set()  # the pool waits for its threads, and these for their trials


def _train_trials(
  study: SearchStudy, train: Train, device: int | None, stopping: threading.Event, node_count: int
) -> None:
  where = f' on node {study.node}' if node_count > 1 else ''
  while not stopping.is_set() and (trial := study.next_trial()) is not None:
    print(f'trial {trial.number} of {study.tune.most_trials}{where}: {values_text(trial.values)}', flush=True)
    with study.heartbeat(trial):
      ended = train(trial, device, stopping)
    study.end(ended)
    print(f'trial {ended.number}{where}: {ended.state}: {outcome_text(ended, study.tune.objective)}', flush=True)
