"""What the training loop knows while it runs; what belongs to one hook is in that hook."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

TOTAL_LOSS = 'Loss/total_loss'  # the sum of all losses, in TrainState.losses


@dataclasses.dataclass
class TrainState:
  """Where a training is. `step` and `evaluation_pending` are kept in checkpoints.

  Attributes:
    num_steps: where training ends.
    step: steps taken, the count of pipeline.config's num_steps.
    evaluation_pending: whether the evaluation after `step` was broken off, and must be made before the next step.
    stop: why training ends before num_steps; empty while it goes on. Hooks set it.
    losses: {name: value} of the step just taken.
  """

  num_steps: int
  step: int = 0
  evaluation_pending: bool = False
  stop: str = ''
  losses: dict[str, float] = dataclasses.field(default_factory=dict)

  def state_dict(self) -> dict[str, Any]:
    """What is kept in checkpoints. num_steps is not: a longer training may go on from the end of a shorter one."""
    return {'step': self.step, 'evaluation_pending': self.evaluation_pending}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    """Takes over what `state_dict` returned."""
    self.step, self.evaluation_pending = state['step'], state['evaluation_pending']
