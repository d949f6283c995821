"""Everything training must remember over a restart, beside the weights: one dataclass, kept inside each checkpoint."""

from __future__ import annotations

import dataclasses
import json
from typing import Any


@dataclasses.dataclass
class Best:
  """The best evaluation so far."""

  value: float
  step: int


@dataclasses.dataclass
class TrainState:
  """Progress of one training.

  Attributes:
    num_steps: where training ends.
    step: steps taken, the count of pipeline.config's num_steps.
    best: the best evaluation so far, by the watched metric.
    evaluations_without_gain: in a row, for early stopping.
    rollbacks: how often training went back to a checkpoint.
    rate_scale: what rollbacks have multiplied the learning rate by.
    history: one row an evaluation: step, metrics, losses.
    evaluation_owed: whether the evaluation after `step` is still to come: training was stopped in the midst of it.
    stop: why training ends before num_steps; empty while it goes on.
    losses: of the step just taken. Not kept.
    seconds: time spent training, over all restarts.
  """

  num_steps: int
  step: int = 0
  best: Best | None = None
  evaluations_without_gain: int = 0
  rollbacks: int = 0
  rate_scale: float = 1.0
  history: list[dict[str, Any]] = dataclasses.field(default_factory=list)
  evaluation_owed: bool = False
  stop: str = ''
  seconds: float = 0.0
  losses: dict[str, float] = dataclasses.field(default_factory=dict)

  def dump(self) -> str:
    kept = dataclasses.asdict(self)
    for name in ('losses', 'num_steps', 'stop'):
      kept.pop(name)
    return json.dumps(kept)

  def load(self, text: str) -> None:
    """Takes over what `dump` wrote; num_steps stays, since a longer training may go on from a shorter one's end."""
    kept = json.loads(text)
    best = kept.pop('best')
    self.best = Best(**best) if best else None
    for name, value in kept.items():
      setattr(self, name, value)
